/* SPDX-License-Identifier: Apache-2.0 */
/* The state's functions for metadata of captures, for tests whose pipeline has a state of their own and reads none. */
#ifndef MONITOR_TESTS_NO_METADATA_H
#define MONITOR_TESTS_NO_METADATA_H

#include "state/state.h"

void state_set_machine(struct state *s, const struct machine_record *m)
{
	(void)s;
	(void)m;
}

int state_add_process(struct state *s, const struct process_record *p)
{
	(void)s;
	(void)p;
	return 0;
}

int state_add_fd(struct state *s, int64_t tid, const struct fd_record *fd)
{
	(void)s;
	(void)tid;
	(void)fd;
	return 0;
}

int state_add_interface(struct state *s, const struct interface_record *i)
{
	(void)s;
	(void)i;
	return 0;
}

int state_set_user(struct state *s, struct str c, uint32_t uid, uint32_t gid, struct str name, struct str home,
		   struct str shell)
{
	(void)s, (void)c, (void)uid, (void)gid, (void)name, (void)home, (void)shell;
	return 0;
}

int state_set_group(struct state *s, struct str c, uint32_t gid, struct str name)
{
	(void)s, (void)c, (void)gid, (void)name;
	return 0;
}

int state_list(struct state *s, const struct state_lister *to)
{
	(void)s;
	(void)to;
	return 0;
}

#endif
