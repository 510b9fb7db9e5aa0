# The cuff forgot its keys: BlueZ connects it again and again, the link drops each time before the
# services are known. The count survives the rests and ends when services resolve.
< connected
> none [resolving]
< lost
> rest [resting] 5.0s failures=1 unresolved=1
< connected
> none [resolving]
< lost
> rest [resting] 10.0s failures=2 unresolved=2
< timeout
> none [idle]
< seen
> connect [connecting]
< connected
> none [resolving]
< lost
> rest [resting] 20.0s failures=3 unresolved=3
< timeout
> none [idle]
< connected
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< lost
> rest [resting] 40.0s failures=4
