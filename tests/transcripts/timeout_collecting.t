# The cuff stays on the line for ever: after three minutes it has had its time.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< timeout
> disconnect [disconnecting]
< timeout
> rest [resting] 60.0s failures=0
< timeout
> none [idle]
