# A stop while the cuff is being paired.
< connected
> none [resolving]
< bond_needed
> pair [pairing]
< stop
> disconnect [disconnecting]
< lost
> rest [resting] 60.0s failures=0
