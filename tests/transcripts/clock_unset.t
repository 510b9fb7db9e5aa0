# A changed battery: the cuff's clock starts at 2019-01-01 and ticks. It is set, once.
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
< reply e3070101000c2b000000
> write 2a2b ea0703010a0000070001
< reply ok
> wait
< facts
> facts clock=unset clock_set
