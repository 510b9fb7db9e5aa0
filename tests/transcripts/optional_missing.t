# A cuff that has 2A35 and nothing else is a cuff: each missing thing is passed over in silence.
< now 2026-03-01T10:00:00 synchronised
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< reply error ENOENT
> read 2a19
< reply error ENOENT
> read 2a24
< reply error ENOENT
> read 2a25
< reply error ENOENT
> read 2a26
< reply error ENOENT
> read 2a27
< reply error ENOENT
> read 2a29
< reply error ENOENT
> read 2a2b
< reply error ENOENT
> wait
< facts
> facts
< value 2a35 04780050005d004800
> measurement user=1 120/80 pulse=72 mean=93
