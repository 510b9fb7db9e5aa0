# Pair() may be called before the link is up: it connects by itself.
< seen
> connect [connecting]
< bond_needed
> pair [pairing]
< connected
> ignore [pairing]
< bonded
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
