# Two links lost before resolving mean a lost bond; a new bond starts the count afresh, a pairing
# that failed does not.
< connected
> none [resolving]
< lost
> rest [resting] 5.0s failures=1 unresolved=1
< connected
> none [resolving]
< lost
> rest [resting] 10.0s failures=2 unresolved=2
< connected
> none [resolving]
< bond_needed
> pair [pairing]
< refused
> disconnect [disconnecting]
< lost
> rest [resting] 20.0s failures=3 unresolved=2
< connected
> none [resolving]
< bond_needed
> pair [pairing]
< bonded
> none [resolving]
< lost
> rest [resting] 40.0s failures=4 unresolved=1
