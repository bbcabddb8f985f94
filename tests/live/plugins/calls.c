/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for tests without an id, so that its events are system calls: of the process whose number it is
 * opened with. That reads from its standard input, opens a file and reads from that. A child that the plugin
 * makes reads, too. again.sh builds and runs it.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin/plugin_api.h"

#define EXPORT __attribute__((visibility("default")))
#define OPENAT_X 307
#define READ_X 7

struct calls {
	uint64_t tid;
	pid_t child; /* nobody is told of its birth */
	char events[4][256];
	ss_plugin_event *batch[4];
	int told;
};

EXPORT const char *plugin_get_required_api_version(void) { return "3.0.0"; }
EXPORT const char *plugin_get_name(void) { return "calls"; }
EXPORT const char *plugin_get_version(void) { return "1.0.0"; }
EXPORT const char *plugin_get_description(void) { return "tells system calls"; }
EXPORT const char *plugin_get_contact(void) { return "the tests"; }
EXPORT const char *plugin_get_last_error(ss_plugin_t *s) { (void)s; return "its own words"; }
EXPORT void plugin_destroy(ss_plugin_t *s) { free(s); }

EXPORT void plugin_close(ss_plugin_t *s, ss_instance_t *h)
{
	struct calls *c = s;

	(void)h;
	if (c->child > 0 && kill(c->child, SIGKILL) == 0)
		waitpid(c->child, NULL, 0);
}

EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct calls *c = calloc(1, sizeof(*c));

	(void)in;
	*rc = c ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
	return c;
}

struct param {
	const void *bytes;
	uint16_t len;
};

static void add(struct calls *c, int i, uint16_t type, const struct param *params, uint32_t n)
{
	char *bytes = c->events[i];
	size_t at = sizeof(ss_plugin_event) + n * sizeof(uint16_t);
	ss_plugin_event header = { UINT64_MAX, c->tid, 0, type, n };

	for (uint32_t k = 0; k < n; k++) {
		memcpy(bytes + sizeof(header) + k * sizeof(uint16_t), &params[k].len, sizeof(uint16_t));
		memcpy(bytes + at, params[k].bytes, params[k].len);
		at += params[k].len;
	}
	header.len = (uint32_t)at;
	memcpy(bytes, &header, sizeof(header));
	c->batch[i] = (ss_plugin_event *)bytes;
}

static void add_read(struct calls *c, int i, int64_t fd)
{
	int64_t res = 4;
	uint32_t size = 4096;

	add(c, i, READ_X, (struct param[]){ { &res, 8 }, { "data", 4 }, { &fd, 8 }, { &size, 4 } }, 4);
}

EXPORT ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)
{
	struct calls *c = s;
	int64_t fd = 77, at = -100;
	uint32_t flags = 1 /* for reading */, mode = 0, dev = 0;
	uint64_t ino = 0;

	c->tid = strtoull(params, NULL, 10);
	add_read(c, 0, 0);
	add(c, 1, OPENAT_X,
	    (struct param[]){
		    { &fd, 8 }, { &at, 8 }, { "named", 6 }, { &flags, 4 }, { &mode, 4 }, { &dev, 4 }, { &ino, 8 } },
	    7);
	add_read(c, 2, fd);
	*rc = SS_PLUGIN_SUCCESS;
	return s;
}

EXPORT ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *n, ss_plugin_event ***events)
{
	struct calls *c = s;

	(void)h;
	*n = 0;
	if (c->told++)
		return SS_PLUGIN_EOF;
	c->child = fork();
	if (c->child == 0)
		for (;;)
			pause();
	c->tid = (uint64_t)c->child;
	add_read(c, 3, 0);
	*n = 4;
	*events = c->batch;
	return SS_PLUGIN_SUCCESS;
}
