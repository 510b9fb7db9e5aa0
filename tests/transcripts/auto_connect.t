# BlueZ connects a bonded cuff by itself: the session begins with the link, without an advert.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< value 2a35 04780050005d004800
> measurement user=1 120/80 pulse=72 mean=93
< lost
> rest [resting] 60.0s failures=0
