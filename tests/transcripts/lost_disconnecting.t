# Our own Disconnect ends in a lost link too. The session had collected: no failure.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< timeout
> disconnect [disconnecting]
< lost
> rest [resting] 60.0s failures=0
