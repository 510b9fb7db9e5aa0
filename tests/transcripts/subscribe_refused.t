# Without its subscription the session has no sense: the link is not encrypted after all.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply error EPERM
> failed EPERM
> disconnect [disconnecting]
< lost
> rest [resting] 5.0s failures=1
