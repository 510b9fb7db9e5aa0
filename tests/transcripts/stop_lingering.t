# A stop while waiting for the cuff to hang up.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< drained
> none [lingering]
< stop
> disconnect [disconnecting]
< lost
> rest [resting] 60.0s failures=0
