# A subscription that outlived the link: the cuff says what it has and hangs up before its services are
# known. It was read, and the bond that carried it is sound, whatever the links before suggested.
< connected
> none [resolving]
< lost
> rest [resting] 5.0s failures=1 unresolved=1
< connected
> none [resolving]
< value 2a35 04780050005d004800
> measurement user=1 120/80 pulse=72 mean=93
< lost
> rest [resting] 60.0s failures=0
