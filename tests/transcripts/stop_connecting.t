# The service stops: no state keeps the link, and the end is nobody's failure.
< seen
> connect [connecting]
< stop
> disconnect [disconnecting]
< lost
> rest [resting] 60.0s failures=0
