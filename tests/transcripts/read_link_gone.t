# The cuff hung up during a read: the plan ends, the session was good.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< reply error ENOTCONN
> failed ENOTCONN
> rest [resting] 60.0s failures=0
