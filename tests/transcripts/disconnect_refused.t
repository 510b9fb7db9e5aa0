# Disconnect answers an error: there was no link any more.
< seen
> connect [connecting]
< timeout
> disconnect [disconnecting]
< refused
> rest [resting] 5.0s failures=1
