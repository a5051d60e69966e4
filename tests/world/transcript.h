/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transcript - what goes in and out of a core under test, and what changes in its store, as a story
 * with the time since the test began; in the manner of cowsql/raft's CLUSTER_TRACE.
 *
 *	transcript_begin();
 *	core_world_start(&core, yaml);
 *	peers_fires(&core, PAIRS("alertname", "Down", "service", "argus"));
 *	CK_STORY("00:00 the core starts\n"
 *		 "00:00 Down argus fires\n"                 what came in
 *		 "00:00 delivery 1: queued run 1\n"
 *		 "00:00 incident 1 firing\n"                what is in the store then
 *		 "00:00 run 1 (act) running\n"
 *		 "00:00 START 1.0.1\n");                    what went out, after the commit
 *
 * Within one turn it is told in this order. Of the store it tells runs, incidents and why they need
 * an operator, pages, the pause, and notifications that have failed, each when it has changed; what
 * only reads is not told, nor is time that nothing happens in.
 */
#ifndef WORLD_TRANSCRIPT_H
#define WORLD_TRANSCRIPT_H

/* From now on all is noted. */
void transcript_begin(void);
/* The story since the last call is this, a line each; else the test fails, and shows where. */
void transcript_ck(const char *file, int line, const char *story);
/* The same, for what is of no interest. */
void transcript_forget(void);

#define CK_STORY(story) transcript_ck(__FILE__, __LINE__, (story))

#endif
