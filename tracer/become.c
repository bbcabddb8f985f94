/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a thread is behind a call that changes that. In a user namespace of its own the numbers of its calls mean other
 * users and groups than for us: taken as they are, nobody's would be root's, and root's nobody's. So behind the call
 * of a caller in another namespace the kernel is asked; where no result is seen, the namespace's maps say what the
 * numbers mean. Calls change capabilities, too, without saying so, also in our own namespace: where somebody looks at
 * those, all are asked for.
 */
#include "tracer/supervisor.h"

#include <sys/syscall.h>

#include "tracer/creds.h"
#include "tracer/procfs.h"

/* What a call makes the effective id: which kind, and the argument that has it. */
struct new_id {
	long number;
	bool group;
	uint8_t arg;
};

static const struct new_id *new_id_of(long number)
{
	static const struct new_id ids[] = {
		{ SYS_setuid, false, 0 },    { SYS_setgid, true, 0 },	 { SYS_setreuid, false, 1 },
		{ SYS_setregid, true, 1 }, { SYS_setresuid, false, 1 }, { SYS_setresgid, true, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (ids[i].number == number)
			return &ids[i];
	return NULL;
}

static bool may_change(const struct tracer *t, long number)
{
	return calls_traits(&t->calls, number) & CALL_CRED || number == SYS_unshare || number == SYS_setns;
}

/* Which capabilities the call takes or gives is not foreseen: they stay those before it. */
static struct event_creds foresee(const struct call *c)
{
	const struct new_id *id = new_id_of(c->number);
	struct event_creds creds = { .known = false };

	if (id)
		creds = creds_now(c->tid);
	if (creds.known && (uint32_t)c->args[id->arg] != UINT32_MAX)
		creds_map(c->tid, id->group, (uint32_t)c->args[id->arg], id->group ? &creds.gid : &creds.uid);
	return creds;
}

void become_tell(const struct tracer *t, const struct call *c, struct event_ext *ext)
{
	bool apart;

	if (!c->has_result || c->result < 0 || !may_change(t, c->number))
		return;
	apart = t->slow.apart && procfs_namespace(c->tid, "ns/user") != t->own_users;
	if (c->assumed && apart)
		ext->creds = foresee(c);
	else if (!c->assumed && (apart || t->facts & FACT_CAPS || t->in_full))
		ext->creds = creds_now(c->tid);
}
