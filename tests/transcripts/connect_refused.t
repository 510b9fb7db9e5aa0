# Connect answers an error: rest, and there is no link to close.
< seen
> connect [connecting]
< refused
> rest [resting] 5.0s failures=1
< timeout
> none [idle]
