/* SPDX-License-Identifier: Apache-2.0 */
/*
 * egress - the role that speaks to the outside: HTTP and TCP checks and notices for the core, and
 * what Alertmanager lists, through libcurl.
 *
 * The executor sends SETUP, RECEIVERS and PEER (a socket to the core) on the control channel; the
 * core sends PROBE, NOTIFY and ASK and is answered with PROBED and NOTIFIED, and with LISTED,
 * FETCHED and ASKED. A new PEER replaces the core before it, whose probes, notices and looks are
 * forgotten. Any other message is a broken peer: a broken core is cut off until the executor sends
 * the next PEER, a broken executor ends the role.
 */
#ifndef EGRESS_EGRESS_H
#define EGRESS_EGRESS_H

/* Takes control_fd. Runs until it is closed by the executor (returns 0) or something breaks (1). */
int egress_main(int control_fd);

#endif
