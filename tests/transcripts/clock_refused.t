# The cuff answers ATT 0x80 to a new time: noted, not fatal, not asked again.
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
< reply ea0703010a0500000000
> write 2a2b ea0703010a0000070001
< reply error EACCES
> wait
< facts
> facts clock=read drift=+300s clock_refused
< value 2a35 04780050005d004800
> measurement user=1 120/80 pulse=72 mean=93
