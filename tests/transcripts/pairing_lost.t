# The cuff hangs up in the middle of the pairing. Asking again for it ends the rest.
< connected
> none [resolving]
< bond_needed
> pair [pairing]
< lost
> rest [resting] 5.0s failures=1
< news
> none [idle]
< seen
> connect [connecting]
