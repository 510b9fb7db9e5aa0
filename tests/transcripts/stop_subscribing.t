# A stop while StartNotify is under way.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< stop
> disconnect [disconnecting]
< lost
> rest [resting] 60.0s failures=0
