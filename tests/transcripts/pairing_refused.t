# The cuff fails the pairing, as the BP7350 does on Linux: hang up, rest, try again later.
< seen
> connect [connecting]
< connected
> none [resolving]
< bond_needed
> pair [pairing]
< refused
> disconnect [disconnecting]
< lost
> rest [resting] 5.0s failures=1
