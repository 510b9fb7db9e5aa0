pair_ok.btsnoop: btsnoop (Linux monitor)

Pairing 1 with 28:5F:DB:11:22:33: bonded: keys were exchanged and can be used again.

      4.408426  #323     host  Pairing Request                01 03 00 09 10 05 07
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, SC
                    initiator keys: EncKey, Sign
                    responder keys: EncKey, IdKey, Sign
      4.421067  #326     cuff  Pairing Response               02 03 00 01 10 00 01
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: none
                    responder keys: EncKey
      4.422116  #327     ----  the kernel asks whether to go on
      4.484485  #346     ----  bluetoothd or the agent says yes
      4.485960  #348     host  Pairing Confirm                03 .. (16 bytes, hidden)
      4.505624  #353     cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      4.506028  #354     host  Pairing Random                 04 .. (16 bytes, hidden)
      4.548180  #363     cuff  Pairing Random                 04 .. (16 bytes, hidden)
      4.548757  #364     ----  encrypt the link
      4.560203  #369     ----  the link is encrypted
      4.581943  #379     cuff  Encryption Information         06 .. (16 bytes, hidden)
      4.584344  #380     cuff  Central Identification         07 1a 88 b8 6f 31 c8 0b f6 bb af

  What happened
  A program on the host asked for this pairing.
  The host's Pairing Request: NoInputNoOutput; Bonding, No MITM, SC; keys up
  to 16 bytes. It would hand out: EncKey, Sign. It wants from the cuff:
  EncKey, IdKey, Sign.
  The cuff's Pairing Response: NoInputNoOutput; Bonding, No MITM, Legacy; keys
  up to 16 bytes. It takes from the host: none. It hands out: EncKey.
  Together that gives LE legacy pairing with Just Works: an unauthenticated
  key of 16 bytes, to be kept (bonding). Keys to be sent by the host: none; by
  the cuff: EncKey.
  The host was asked (bluetoothd or an agent), and agreed.
  It ended: bonded: keys were exchanged and can be used again.

