# BlueZ re-enables our subscriptions by itself on a reconnect, so values can come at any moment: each
# is kept, and none moves the session. One on the link is what the cuff was called for: no failure.
< value 2a35 04780050005d004800
> measurement user=1 120/80 pulse=72 mean=93
< seen
> connect [connecting]
< value 2a35 04790050005d004800
> measurement user=1 121/80 pulse=72 mean=93
< connected
> none [resolving]
< value 2a35 047a0050005d004800
> measurement user=1 122/80 pulse=72 mean=93
< bond_needed
> pair [pairing]
< value 2a35 047b0050005d004800
> measurement user=1 123/80 pulse=72 mean=93
< bonded
> none [resolving]
< resolved
> subscribe [subscribing] 2a35
< value 2a35 047c0050005d004800
> measurement user=1 124/80 pulse=72 mean=93
< timeout
> disconnect [disconnecting]
< value 2a35 047d0050005d004800
> measurement user=1 125/80 pulse=72 mean=93
< lost
> rest [resting] 60.0s failures=0
< value 2a35 047e0050005d004800
> measurement user=1 126/80 pulse=72 mean=93
< timeout
> none [idle]
