# A new measurement in the cool-down: the advert's flag ends the rest early.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< lost
> rest [resting] 60.0s failures=0
< news
> none [idle]
< seen
> connect [connecting]
