# A Pi without network does not know the time: it must not teach the cuff. The time server's answer
# later in the session changes nothing any more.
< now 2026-03-01T10:00:00
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
> wait
< now 2026-03-01T10:00:05 synchronised
< facts
> facts clock=unset
