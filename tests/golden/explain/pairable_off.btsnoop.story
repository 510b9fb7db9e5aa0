pairable_off.btsnoop: btsnoop (Linux monitor)

Pairing 1 with 28:5F:DB:11:22:33: paired, but without keys to keep: the next connection begins anew.

      4.910114  #447     host  Pairing Request                01 03 00 08 10 00 02
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    No Bonding, No MITM, SC
                    initiator keys: none
                    responder keys: IdKey
      4.913261  #449     cuff  Pairing Response               02 03 00 01 10 00 00
                    NoInputNoOutput; OOB data not present; keys up to 16 bytes
                    Bonding, No MITM, Legacy
                    initiator keys: none
                    responder keys: none
      4.913376  #450     ----  the kernel asks whether to go on
      4.953731  #468     ----  bluetoothd or the agent says yes
      4.954078  #470     host  Pairing Confirm                03 .. (16 bytes, hidden)
      4.956772  #472     cuff  Pairing Confirm                03 .. (16 bytes, hidden)
      4.956912  #473     host  Pairing Random                 04 .. (16 bytes, hidden)
      4.966523  #478     cuff  Pairing Random                 04 .. (16 bytes, hidden)
      4.966639  #479     ----  encrypt the link
      4.973320  #485     ----  the link is encrypted

  What happened
  A program on the host asked for this pairing.
  The host's Pairing Request: NoInputNoOutput; No Bonding, No MITM, SC; keys
  up to 16 bytes. It would hand out: none. It wants from the cuff: IdKey.
  The cuff's Pairing Response: NoInputNoOutput; Bonding, No MITM, Legacy; keys
  up to 16 bytes. It takes from the host: none. It hands out: none.
  Together that gives LE legacy pairing with Just Works: an unauthenticated
  key of 16 bytes, not to be kept (no bonding). Keys to be sent by the host:
  none; by the cuff: none.
  The host was asked (bluetoothd or an agent), and agreed.
  The host's adapter was not pairable.
  It ended: paired, but without keys to keep: the next connection begins anew.

  Why, the likeliest first
  1. The host's adapter is not pairable, so its kernel makes no bond
     (not_pairable).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
       So does a Linux host that is not pairable. The adapter was set not to
       be bondable (pairable).
     Do: Enter `bluetoothctl pairable on`. If a pairing without keys is left,
       `bluetoothctl remove ADDRESS` takes it away. Then pair again while P
       blinks.
     To tell: `bluetoothctl show` says "Pairable: yes", and the next Pairing
       Request asks for bonding (AuthReq 0x01 or 0x09).
  2. The host asked for a pairing without bonding, which leaves no keys
     (no_bonding_asked).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
     Do: Enter `bluetoothctl pairable on` with an agent registered, remove
       what is left with `bluetoothctl remove ADDRESS`, and pair again while P
       blinks.
     To tell: In another capture the AuthReq of the Pairing Request is 0x01 or
       0x09, and afterwards `bluetoothctl info ADDRESS` says "Bonded: yes".
  3. No agent was registered on the host, so nobody could agree to the pairing
     (no_agent).
     For: The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08).
       So does a Linux host without an agent.
     Against: An agent had registered, with NoInputNoOutput.
     Do: Pair with this gateway, which brings its own agent; or in
       bluetoothctl enter `agent NoInputNoOutput` and `default-agent`, and
       stay in it until the cuff is paired: the agent goes when you leave.
     To tell: `bluetoothctl show` says "Pairable: yes" before the next
       attempt, and in another capture the Pairing Request asks for bonding
       (AuthReq 0x01 or 0x09).

