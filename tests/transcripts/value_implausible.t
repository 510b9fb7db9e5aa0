# No living person has these; the raw bytes are kept elsewhere.
< connected
> none [resolving]
< value 2a35 042c0150005d004800
> refused ERANGE
< value 2a35 04500078005d004800
> refused ERANGE
< value 2a35 04780050005d00fa00
> refused ERANGE
