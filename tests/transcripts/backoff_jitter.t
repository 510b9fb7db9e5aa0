# Chance moves the rest after a failure by a quarter either way, and never the cool-down.
< random 0
< seen
> connect [connecting]
< refused
> rest [resting] 3.8s failures=1
< timeout
> none [idle]
< random 0xffffffff
< seen
> connect [connecting]
< refused
> rest [resting] 12.5s failures=2
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< lost
> rest [resting] 60.0s failures=0
