/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/crowd.h"

#include <fcntl.h>
#include <poll.h>

#include "base/parse.h"
#include "tracer/notify.h"
#include "tracer/procfs.h"
#include "tracer/supervisor.h"

/*
 * Where callers and we wake each other up. A single caller and we take turns: whoever wakes the other goes to
 * sleep next, so the other should go on on the same processor, and the kernel has a flag for that. In a crowd
 * we do not sleep, since the next call waits already: callers that are woken up on our processor queue behind
 * us there, while others have nothing to do.
 *
 * So the flag is set while calls come one at a time. In a crowd it is taken back until no call waits: then
 * there was none, or other work keeps the processors busy and the callers from coming, which this would only
 * delay further. So a trial that does not last makes the next one come later.
 */

#define PATIENCE_MIN 8 /* calls in a row with others behind them, until a crowd is taken for one */
#define PATIENCE_MAX 65536 /* about a second of them */
#define LASTING 256 /* calls: so long a trial was right */
#define RUNNING_NS 10000000ull /* how long an answer of the kernel's holds */

static void change(struct tracer *t, bool many)
{
	struct crowd *c = &t->crowd;

	if (!many)
		c->patience = c->calls >= LASTING        ? PATIENCE_MIN :
			      c->patience < PATIENCE_MAX ? 2 * c->patience :
							   PATIENCE_MAX;
	c->calls = 0;
	c->many = many;
	notify_set_synchronous(t->listener, !many);
}

void crowd_begin(struct tracer *t)
{
	t->crowd.fixed = !notify_set_synchronous(t->listener, true);
	t->crowd.patience = PATIENCE_MIN;
	t->crowd.loads = openat(procfs_folder(), "loadavg", O_RDONLY | O_CLOEXEC);
}

/*
 * One thread alone never has another call waiting, and is not asked. In a crowd, or while others wait for
 * their descriptors, the next look will tell soon enough.
 */
void crowd_received(struct tracer *t, pid_t tid)
{
	struct pollfd listener = { t->listener, POLLIN, 0 };
	struct crowd *c = &t->crowd;

	c->again = c->last == tid;
	c->last = tid;
	c->others =
		!c->again && (c->many || t->injections || (poll(&listener, 1, 0) == 1 && listener.revents & POLLIN));
	c->single = c->many || c->others ? 0 : c->single + 1;
	c->calls = c->many || c->others ? c->calls + 1 : 0;
	if (!c->many && !c->fixed && c->calls >= c->patience)
		change(t, true);
}

void crowd_is_away(struct tracer *t)
{
	if (t->crowd.many)
		change(t, false);
}

void crowd_injects(struct tracer *t)
{
	if (!t->crowd.many)
		t->crowd.calls = 0;
}

unsigned int crowd_running(struct tracer *t)
{
	struct crowd *c = &t->crowd;
	uint64_t now = t->pending.since;
	char text[128];
	const char *at;
	ssize_t n;

	if (now - c->asked < RUNNING_NS)
		return c->running;
	c->asked = now;
	n = pread(c->loads, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	/* "0.20 0.18 0.12 1/80 11206": who runs, of how many */
	at = text;
	for (int i = 0; i < 3 && at; i++)
		at = strchr(at + (i > 0), ' ');
	if (!at || parse_u32((struct str){ at + 1, strcspn(at + 1, "/") }, &c->running) < 0)
		c->running = UINT_MAX;
	return c->running;
}
