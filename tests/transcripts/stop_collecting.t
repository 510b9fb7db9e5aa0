# A stop while values arrive: the one that is on its way is still kept.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< stop
> disconnect [disconnecting]
< value 2a35 04780050005d004800
> measurement user=1 120/80 pulse=72 mean=93
< lost
> rest [resting] 60.0s failures=0
