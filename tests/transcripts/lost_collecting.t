# Cuffs hang up when they are done, even in the middle of our reads: no failure. What was asked is
# forgotten with the link.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< reply 0000
> read 2a19
< lost
> rest [resting] 60.0s failures=0
