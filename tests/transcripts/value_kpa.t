# A cuff set to kPa: 16.8/11.7 with mean 13.4 is 126/88 with mean 101.
< connected
> none [resolving]
< value 2a35 01a8f075f086f0
> measurement user=1 126/88 mean=101
