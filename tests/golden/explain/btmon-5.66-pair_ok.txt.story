btmon-5.66-pair_ok.txt: btmon's text

Pairing 1 with 28:5F:DB:11:22:33: bonded: keys were exchanged and can be used again.

      0.320296  #52      host  Pairing Request                01 03 00 09 10 05 07
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, SC
                    initiator keys: EncKey, Sign
                    responder keys: EncKey, IdKey, Sign
      0.332937  #54      cuff  Pairing Response               02 03 00 01 10 00 01
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: none
                    responder keys: EncKey
      0.333986  #43      ----  the kernel asks whether to go on
      0.396355  #47      ----  bluetoothd or the agent says yes
      0.397830  #57      host  Pairing Confirm                03 .. (16 bytes, hidden)
      0.417494  #59      cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      0.417898  #60      host  Pairing Random                 04 .. (16 bytes, hidden)
      0.460050  #63      cuff  Pairing Random                 04 .. (16 bytes, hidden)
      0.460627  #64      ----  encrypt the link
      0.472073  #67      ----  the link is encrypted
      0.493813  #71      cuff  Encryption Information         06 .. (16 bytes, hidden)
      0.496214  #72      cuff  Central Identification         07 1a 88 b8 6f 31 c8 0b f6 bb af

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

