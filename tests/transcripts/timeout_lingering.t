# All is read, and the cuff does not hang up: we do.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< drained
> none [lingering]
< timeout
> disconnect [disconnecting]
< lost
> rest [resting] 60.0s failures=0
