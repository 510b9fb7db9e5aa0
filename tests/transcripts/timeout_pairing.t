# The cuff never answers the pairing, and not even the disconnection: timeouts alone lead home.
< seen
> connect [connecting]
< bond_needed
> pair [pairing]
< timeout
> disconnect [disconnecting]
< timeout
> rest [resting] 5.0s failures=1
< timeout
> none [idle]
