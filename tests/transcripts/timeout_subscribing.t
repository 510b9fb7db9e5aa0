# StartNotify never returns.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< timeout
> disconnect [disconnecting]
< timeout
> rest [resting] 5.0s failures=1
< timeout
> none [idle]
