# Frames that end early are refused whole; the session goes on.
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< value 2a35 1e830054006300ea070301093a0043000100
> refused EBADMSG
< value 2a35 048300
> refused EBADMSG
< value 2a35
> refused EBADMSG
< value 2a35 04780050005d004800
> measurement user=1 120/80 pulse=72 mean=93
