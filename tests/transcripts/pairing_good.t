# A new cuff with the blinking P: pair at once, then the first read on the same link.
< seen
> connect [connecting]
< connected
> none [resolving]
< bond_needed
> pair [pairing]
< bonded
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< reply ok
> collect [collecting]
> read 2a49
< value 2a35 1e830054006300ea070301093a004300010000
> measurement user=1 131/84 pulse=67 mean=99 taken=2026-03-01T09:58:00 irregular=no movement=no fit_ok=yes position_ok=yes
< lost
> rest [resting] 60.0s failures=0
