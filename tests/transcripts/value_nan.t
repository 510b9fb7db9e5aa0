# A measurement that failed in the cuff: NaN is an answer, not 2047.
< connected
> none [resolving]
< value 2a35 02ff07ff07ff0700000000000000
> refused ENODATA
< value 2a35 007800ff075d00
> refused ENODATA
# Only the mean and the pulse are missing: that is a measurement.
< value 2a35 0478005000ff07ff07
> measurement user=1 120/80
