# The cuff hung up but goes on advertising, and BlueZ connects it again before it was paused.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< lost
> rest [resting] 60.0s failures=0
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< lost
> rest [resting] 60.0s failures=0
