/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "plugin_liar.h"

/* Events that plugins send by themselves: in which order they are had, which are refused, and when they may come. */

static struct {
	char calls[128];
	ss_plugin_async_event_handler_t handler;
	ss_plugin_owner_t *owner;
	ss_plugin_rc rc;
	const char *sources;
} sends;

#define SECOND 1000000000u

static void note(const char *what)
{
	snprintf(sends.calls + strlen(sends.calls), sizeof(sends.calls) - strlen(sends.calls), "%s ", what);
}

static const char *get_async(void) { return "[\"known\"]"; }
static const char *get_async_sources(void) { return sends.sources; }

static ss_plugin_rc set_handler(ss_plugin_t *s, ss_plugin_owner_t *owner, const ss_plugin_async_event_handler_t handler)
{
	(void)s;
	note(handler ? "async" : "no-async");
	sends.handler = handler ? handler : sends.handler; /* kept, as by a plugin that does not listen */
	sends.owner = owner;
	return sends.rc;
}

static ss_plugin_rc capture_open(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	(void)s;
	(void)in;
	note("open");
	return SS_PLUGIN_SUCCESS;
}

static ss_plugin_rc capture_close(ss_plugin_t *s, const ss_plugin_capture_listen_input *in)
{
	(void)s;
	(void)in;
	note("close");
	return SS_PLUGIN_SUCCESS;
}

static plugin_api async_api(void)
{
	plugin_api api = good_api();

	memset(&sends, 0, sizeof(sends));
	api.get_async_events = get_async;
	api.get_async_event_sources = get_async_sources;
	api.set_async_event_handler = set_handler;
	api.capture_open = capture_open;
	api.capture_close = capture_close;
	return api;
}

static char why[PLUGIN_MAX_ERRLEN];

/* One event of that time; data tells them apart. */
static ss_plugin_rc send_named(const char name[6], uint64_t ts, uint64_t tid, char data)
{
	struct __attribute__((packed)) {
		ss_plugin_event header;
		uint32_t lengths[3], id;
		char name[6], data;
	} event = { { ts, tid, sizeof(event), EV_ASYNCEVENT_E, 3 }, { 4, 6, 1 }, 77, "", data };

	memcpy(event.name, name, 6);
	why[0] = 0;
	return sends.handler(sends.owner, &event.header, why);
}

static void send(uint64_t ts, char data)
{
	if (send_named("known", ts, UINT64_MAX, data) != SS_PLUGIN_SUCCESS)
		fail_msg("%c: %s", data, why);
}

/* What there is until ts, as the data of each, with its time where that is small. */
static const char *had(uint64_t ts)
{
	static char text[128];
	struct event ev;

	text[0] = 0;
	while (plugin_host_next(world.host, ts, &ev)) {
		size_t len = strlen(text);

		assert_int_equal(event_param_uint(&ev, 0), 999);
		if (ev.ts < 1000)
			snprintf(text + len, sizeof(text) - len, "%.1s%u ", event_param(&ev, 2).ptr,
				 (unsigned int)ev.ts);
		else
			snprintf(text + len, sizeof(text) - len, "%.1s ", event_param(&ev, 2).ptr);
	}
	return text;
}

static void test_order(void **state)
{
	plugin_api api = async_api();
	auto_plugin struct plugin *p = NULL;

	(void)state;
	assert_int_equal(load(&api, &p, NULL), 0);
	assert_int_equal(plugin_host_open(world.host, NULL), 0);
	send(300, 'c');
	send(100, 'a');
	send(UINT64_MAX, 'x'); /* whenever it is taken */
	send(200, 'b');
	send(200, 'B');
	assert_string_equal(had(99), "x99 ");
	assert_string_equal(had(199), "a100 ");
	send(250, 'd');
	send(UINT64_MAX, 'y');
	assert_string_equal(had(300), "b200 B200 d250 c300 y300 ");
	send(50, 'e');
	send(40, 'f');
	assert_string_equal(had(30), "");
	assert_string_equal(had(UINT64_MAX), "f40 e50 ");
	send(UINT64_MAX, 'z'); /* the time is now */
	assert_string_equal(had(UINT64_MAX), "z ");
	end_world();
}

/* One of the future waits for its time and holds up nobody; one of a time that cannot be meant is refused. */
static void test_future(void **state)
{
	plugin_api api = async_api();
	auto_plugin struct plugin *p = NULL;
	uint64_t now = clock_ns(CLOCK_REALTIME);
	struct plugin_host_stats stats;

	(void)state;
	assert_int_equal(load(&api, &p, NULL), 0);
	assert_int_equal(plugin_host_open(world.host, NULL), 0);
	assert_int_equal(send_named("known", now + 3600ull * SECOND, UINT64_MAX, 'n'), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(why, "plugin liar: its asynchronous event lies in the future"));
	send(now + 8ull * SECOND, 'f');
	send(now, 'a');
	send(UINT64_MAX, 'b');
	assert_string_equal(had(now), "a b ");
	assert_string_equal(had(now + 9ull * SECOND), "f ");
	plugin_host_stats(world.host, &stats);
	assert_int_equal(stats.async_events, 3);
	assert_int_equal(stats.async_dropped, 1);
	end_world();
}

static void test_refused(void **state)
{
	plugin_api api = async_api();
	auto_plugin struct plugin *p = NULL;
	struct plugin_host_stats stats;
	size_t taken = 0;

	(void)state;
	assert_int_equal(load(&api, &p, NULL), 0);
	assert_int_equal(plugin_host_open(world.host, NULL), 0);
	assert_int_equal(send_named("other", 1, UINT64_MAX, 'n'), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(why, "has a name that it did not announce"));
	assert_int_equal(send_named("known", 1, 7, 'n'), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(why, "has a thread, where there are none"));
	assert_int_equal(sends.handler(sends.owner, NULL, NULL), SS_PLUGIN_FAILURE);
	assert_int_equal(sends.handler(NULL, NULL, NULL), SS_PLUGIN_FAILURE);
	while (send_named("known", 1, UINT64_MAX, 'n') == SS_PLUGIN_SUCCESS)
		taken++;
	assert_non_null(strstr(why, "is lost: too many wait"));
	assert_int_equal(taken, PLUGIN_ASYNC_BYTES / (26 + 12 + 4 + 6 + 1));
	plugin_host_stats(world.host, &stats);
	assert_int_equal(stats.async_dropped, 4);
	plugin_host_close(world.host);
	assert_int_equal(send_named("known", 1, UINT64_MAX, 'n'), SS_PLUGIN_FAILURE);
	assert_non_null(strstr(why, "comes when none is asked for"));
	end_world();
}

/* Its own source counts, whatever others it names; what it may not send to it is not asked for; its refusal is one. */
static void test_begin(void **state)
{
	plugin_api api = async_api();
	struct error err = { 0 };
	struct plugin *p = NULL;

	(void)state;
	sends.sources = "[\"syscall\"]";
	assert_int_equal(load(&api, &p, NULL), 0);
	assert_int_equal(plugin_host_open(world.host, NULL), 0);
	plugin_host_close(world.host);
	assert_string_equal(sends.calls, "async open no-async close ");
	end_world();
	plugin_free(p);

	api = async_api();
	says.id = 0;
	says.source = "";
	sends.sources = "[\"syscall\"]";
	assert_int_equal(load(&api, &p, NULL), 0);
	assert_int_equal(plugin_host_open(world.host, NULL), 0);
	plugin_host_close(world.host);
	assert_string_equal(sends.calls, "open close ");
	end_world();
	plugin_free(p);

	reset(state);
	api = async_api();
	sends.rc = SS_PLUGIN_FAILURE;
	assert_int_equal(load(&api, &p, NULL), 0);
	assert_true(plugin_host_open(world.host, &err) < 0);
	assert_non_null(strstr(err.text, "liar: its asynchronous events cannot be had: its own words"));
	plugin_host_close(world.host);
	assert_string_equal(sends.calls, "async ");
	end_world();
	plugin_free(p);
}

/* All can send before any is told that events begin, and none when it is told that they end. */
static void test_calls(void **state)
{
	struct plugin_config config = { .init_config = STR("{}") };
	plugin_api api = async_api();
	struct plugin *list[2] = { NULL };

	(void)state;
	new_world("lies", true);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		assert_int_equal(plugin_load_api(&api, &config, &list[i], NULL), 0);
	assert_int_equal(plugin_host_add_all(world.host, list, ARRAY_SIZE(list), NULL), 0);
	assert_int_equal(plugin_host_open(world.host, NULL), 0);
	plugin_host_close(world.host);
	assert_string_equal(sends.calls, "async async open open no-async no-async close close ");
	end_world();
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		plugin_free(list[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_order, reset), cmocka_unit_test_setup(test_future, reset),
		cmocka_unit_test_setup(test_refused, reset), cmocka_unit_test_setup(test_begin, reset),
		cmocka_unit_test_setup(test_calls, reset),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	end_world();
	return failed;
}
