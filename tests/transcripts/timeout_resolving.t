# The services never come. We hung up ourselves, so this is no lost link before resolving.
< connected
> none [resolving]
< timeout
> disconnect [disconnecting]
< lost
> rest [resting] 5.0s failures=1
< timeout
> none [idle]
