# Reads that fail in other ways, and answers that make no sense, stop nothing and teach nothing.
< now 2026-03-01T10:00:00 synchronised
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< reply 07
> read 2a19
< reply c8
> read 2a24
< reply error EACCES
> read 2a25
< reply error EPERM
> read 2a26
< reply error EIO
> read 2a27
< reply ok
> read 2a29
< reply 0001
> read 2a2b
< reply ea0703010a00
> wait
< facts
> facts
