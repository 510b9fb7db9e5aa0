btmon-5.66-privacy_device.txt: btmon's text

Pairing 1 with 28:5F:DB:11:22:33: bonded: keys were exchanged and can be used again.

      0.098998  #52      host  Pairing Request                01 03 00 09 10 07 07
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, SC
                    initiator keys: EncKey, IdKey, Sign
                    responder keys: EncKey, IdKey, Sign
      0.108614  #54      cuff  Pairing Response               02 03 00 01 10 07 01
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: EncKey, IdKey, Sign
                    responder keys: EncKey
      0.108758  #21      ----  the kernel asks whether to go on
      0.162499  #26      ----  bluetoothd or the agent says yes
      0.163439  #57      host  Pairing Confirm                03 .. (16 bytes, hidden)
      0.167615  #59      cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      0.167748  #60      host  Pairing Random                 04 .. (16 bytes, hidden)
      0.183587  #62      cuff  Pairing Random                 04 .. (16 bytes, hidden)
      0.183752  #63      ----  encrypt the link
      0.200721  #66      ----  the link is encrypted
      0.226067  #72      cuff  Encryption Information         06 .. (16 bytes, hidden)
      0.227802  #73      cuff  Central Identification         07 a5 02 39 0f b0 02 f7 56 13 b9
      0.228047  #46      ----  the kernel hands the new key over to be stored
      0.228059  #47      ----  the kernel hands the new key over to be stored
      0.228083  #48      ----  the kernel reports: paired (MGMT status 0x00)
      0.228131  #74      host  Encryption Information         06 .. (16 bytes, hidden)
      0.228142  #75      host  Central Identification         07 ae 37 27 23 1c 43 2a f9 69 5b
      0.228149  #76      host  Identity Information           08 .. (16 bytes, hidden)
      0.228154  #77      host  Identity Address Information   09 00 01 00 cc 01 aa 00
      0.228159  #78      host  Signing Information            0a .. (16 bytes, hidden)

  What happened
  A program on the host asked for this pairing.
  The host's Pairing Request: NoInputNoOutput; Bonding, No MITM, SC; keys up
  to 16 bytes. It would hand out: EncKey, IdKey, Sign. It wants from the cuff:
  EncKey, IdKey, Sign.
  The cuff's Pairing Response: NoInputNoOutput; Bonding, No MITM, Legacy; keys
  up to 16 bytes. It takes from the host: EncKey, IdKey, Sign. It hands out:
  EncKey.
  Together that gives LE legacy pairing with Just Works: an unauthenticated
  key of 16 bytes, to be kept (bonding). Keys to be sent by the host: EncKey,
  IdKey, Sign; by the cuff: EncKey.
  The host was asked (bluetoothd or an agent), and agreed.
  It ended: bonded: keys were exchanged and can be used again.

