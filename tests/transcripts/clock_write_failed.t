# The write failed for a reason that says nothing about the cuff's will: the next session tries again.
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
< reply e3070101000000000000
> write 2a2b ea0703010a0000070001
< reply error EIO
> wait
< facts
> facts clock=unset
