privacy_device.btsnoop: btsnoop (Linux monitor)

Pairing 1 with 28:5F:DB:11:22:33: bonded: keys were exchanged and can be used again.

      6.782197  #441     host  Pairing Request                01 03 00 09 10 07 07
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, SC
                    initiator keys: EncKey, IdKey, Sign
                    responder keys: EncKey, IdKey, Sign
      6.791813  #443     cuff  Pairing Response               02 03 00 01 10 07 01
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: EncKey, IdKey, Sign
                    responder keys: EncKey
      6.791957  #444     ----  the kernel asks whether to go on
      6.845698  #464     ----  bluetoothd or the agent says yes
      6.846638  #466     host  Pairing Confirm                03 .. (16 bytes, hidden)
      6.850814  #468     cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      6.850947  #469     host  Pairing Random                 04 .. (16 bytes, hidden)
      6.866786  #474     cuff  Pairing Random                 04 .. (16 bytes, hidden)
      6.866951  #475     ----  encrypt the link
      6.883920  #482     ----  the link is encrypted
      6.909266  #500     cuff  Encryption Information         06 .. (16 bytes, hidden)
      6.911001  #502     cuff  Central Identification         07 a5 02 39 0f b0 02 f7 56 13 b9
      6.911246  #504     ----  the kernel hands the new key over to be stored
      6.911258  #505     ----  the kernel hands the new key over to be stored
      6.911282  #506     ----  the kernel reports: paired (MGMT status 0x00)
      6.911330  #507     host  Encryption Information         06 .. (16 bytes, hidden)
      6.911341  #508     host  Central Identification         07 ae 37 27 23 1c 43 2a f9 69 5b
      6.911348  #509     host  Identity Information           08 .. (16 bytes, hidden)
      6.911353  #510     host  Identity Address Information   09 00 01 00 cc 01 aa 00
      6.911358  #511     host  Signing Information            0a .. (16 bytes, hidden)

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

