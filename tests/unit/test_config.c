/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct config *read_config(const char *text, const char *const *assignments, size_t n, int *ret)
{
	struct config *c = NULL;
	struct error err = { 0 };

	*ret = config_read(STR("t.yaml"), str_of(text), assignments, n, &c, &err);
	if (*ret < 0)
		assert_true(err.text[0]);
	return c;
}

/* What Falco refuses is refused; everything else loads. */
static const struct {
	const char *text;
	bool good;
} files[] = {
	{ "", true },
	{ "{}", true },
	{ "json_output: true\n", true },
	{ "json_output: maybe\n", true }, /* a wrong type counts as missing */
	{ "nosuchkey: 1\n", true },
	{ "- a\n", false },
	{ "a: [b\n", false },
	{ "rule_matching: some\n", false },
	{ "rule_matching: FIRST\n", true },
	{ "rule_matching:\n", false },
	{ "rule_matching: ''\n", false },
	{ "priority: bogus\n", false },
	{ "priority: ''\n", false },
	{ "priority: INFO\n", true },
	{ "engine: {kind: replay}\n", false },
	{ "engine: {kind: replay, replay: {capture_file: x}}\n", true },
	{ "engine: {kind: pigeon}\n", false },
	{ "file_output: {enabled: true}\n", false },
	{ "file_output: {enabled: true, filename: x}\n", true },
	{ "syscall_event_drops: {threshold: 2}\n", false },
	{ "rules: [{disable: {rule: x}}]\n", true },
	{ "rules: [{disable: {}}]\n", false },
	{ "rules: [{foo: {rule: x}}]\n", false },
	{ "rules: [{disable: x}]\n", false },
	{ "rules: [{disable: {rule: ''}}]\n", false },
	{ "rules: []\n", true },
	{ "append_output: [{}]\n", true },
	{ "append_output: [{match: {}}]\n", true },
	{ "append_output: [x]\n", false },
	{ "append_output: [{extra_fields: [{a: 'x', b: 'y'}]}]\n", false },
	{ "append_output: [{extra_fields: [{a: ''}]}]\n", false },
	{ "append_output: [{extra_fields: [a, {a: x}]}]\n", false },
	{ "append_output: [{extra_fields: [a, a]}]\n", true },
	{ "append_output: [{suggested_output: perhaps}]\n", false },
	{ "static_fields: {n: 5, b: true}\n", true },
	{ "rules_file: [a]\nrules_files: [b]\n", false },
	{ "load_plugins: [container]\n", false },
	{ "load_plugins: [container]\nplugins: [{name: container, library_path: x}]\n", true },
	{ "load_plugins: [json]\nplugins: [{name: json, library_path: x}]\n", true },
	{ "load_plugins: []\nplugins: [{name: json, library_path: x}]\n", true },
	{ "plugins: [{name: container}]\n", false },
	{ "plugins: [{name: p, library_path: a/../p.so}]\n", true },
	{ "plugins: [{name: p, library_path: /a/../p.so}]\n", true },
	{ "load_plugins: []\nplugins: [{name: p, library_path: a/../../p.so}]\n", false },
	{ "webserver: {listen_address: localhost}\n", false },
	{ "webserver: {listen_address: '::'}\n", true },
	{ "webserver: {listen_address: 'fe80::1%eth0'}\n", true },
	{ "webserver: {listen_address: 127.0.0.1}\n", true },
	{ "webserver: {listen_address: 127.0.0.256}\n", false },
	{ "engine: {kind: KMOD}\n", false },
	{ "engine: {kind: gvisor}\n", true },
	{ "capture: {mode: some}\n", false },
	{ "log_level: loud\n", false },
	{ "log_level: WARNING\n", true },
	{ "libs_logger: {severity: some}\n", false },
	{ "syscall_event_drops: {actions: [log, alert, exit]}\n", true },
	{ "syscall_event_drops: {actions: ignore}\n", true },
	{ "syscall_event_drops: {actions: [ignore, log]}\n", false },
	{ "syscall_event_drops: {actions: [shout]}\n", false },
	{ "syscall_event_timeouts: {max_consecutives: 0}\n", false },
	{ "http_output: {enabled: true}\n", false },
	{ "http_output: {max_consecutive_timeouts: 256}\n", true },
	{ "program_output: {enabled: true}\n", false },
	{ "a: &x {b: *x}\n", false },
	/*
	 * a text where keys belong: Falco cannot look below it; it takes a list for nothing, as it does what
	 * it has no use for
	 */
	{ "outputs_queue: 5\n", false },
	{ "outputs_queue: ''\n", false },
	{ "outputs_queue:\n", true },
	{ "outputs_queue: {}\n", true },
	{ "outputs_queue: [5]\n", true },
	{ "metrics: true\n", false },
	{ "monitor: {run: 5}\n", false },
	{ "engine: {kind: nodriver, kmod: 5}\n", true },
	{ "engine: {kind: kmod, kmod: 5}\n", false },
	{ "engine: kmod\n", false },
	{ "container_engines: 5\n", true },
	{ "rules_files: [[a]]\n", false },
	{ "rules_files: {a: b}\n", true },
	{ "base_syscalls: {custom_set: [{a: b}]}\n", false },
};

static void test_files(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		int r;
		auto_config struct config *c = read_config(files[i].text, NULL, 0, &r);

		assert_true((r == 0) == (c != NULL));
		if ((r == 0) != files[i].good)
			fail_msg("%s: %d", files[i].text, r);
	}
}

static void test_defaults(void **state)
{
	int r;
	auto_config struct config *c = read_config("", NULL, 0, &r);

	(void)state;
	assert_int_equal(r, 0);
	assert_false(c->json_output);
	assert_true(c->json_include_tags_property);
	assert_int_equal(c->min_priority, PRIORITY_DEBUG);
	assert_int_equal(c->output_timeout, 2000);
	assert_int_equal(c->nwarnings, 0);
	assert_int_equal(c->nappends + c->nselections + c->nstatic + c->nrules_files, 0);
}

static void test_values(void **state)
{
	int r;
	auto_config struct config *c =
		read_config("{\"json_output\": true, \"priority\": \"warning\", \"static_fields\": {\"env\": \"prod\"},"
			    "\"append_output\": [{\"match\": {\"tags\": [\"a\", \"b\"]}, \"extra_output\": \"x\","
			    " \"extra_fields\": [\"evt.num\", {\"n\": \"%evt.num!\"}]}]}",
			    NULL, 0, &r);

	(void)state;
	assert_int_equal(r, 0);
	assert_true(c->json_output);
	assert_int_equal(c->min_priority, PRIORITY_WARNING);
	assert_int_equal(c->nstatic, 1);
	assert_true(str_eq(c->static_values[0], STR("prod")));
	assert_int_equal(c->nappends, 1);
	assert_int_equal(c->appends[0].nmatch_tags, 2);
	assert_int_equal(c->appends[0].nextra_fields, 2);
	assert_int_equal(c->appends[0].extra_fields[0].format.len, 0);
	assert_true(str_eq(c->appends[0].extra_fields[1].format, STR("%evt.num!")));
}

static void test_assignments(void **state)
{
	static const char *const list[] = {
		"json_output=true",
		"rules[].disable.tag=t2",
		"rules[].enable.rule=alpha one",
		"rules[0].disable.tag=t3",
		"append_output[]={\"extra_output\": \"y\"}",
		"static_fields.a\\.b=c",
		"engine.kind=nodriver",
	};
	int r;
	auto_config struct config *c = read_config("engine: {kind: kmod}\n", list, ARRAY_SIZE(list), &r);

	(void)state;
	assert_int_equal(r, 0);
	assert_true(c->json_output);
	assert_int_equal(c->nselections, 2);
	assert_false(c->selections[0].enable);
	assert_true(str_eq(c->selections[0].tag, STR("t3")));
	assert_true(c->selections[1].enable);
	assert_true(str_eq(c->selections[1].rule, STR("alpha one")));
	assert_true(str_eq(c->appends[0].extra_output, STR("y")));
	assert_true(str_eq(c->static_names[0], STR("a.b")));
	assert_true(str_eq(c->engine_kind, STR("nodriver")));
}

/* Paths that are malformed or do not fit. */
static void test_bad_assignments(void **state)
{
	static const char *const bad[] = {
		"json_output", "=x", "a..b=1", "a[=1", "a[x]=1", "a[-1]=1", "rules[5].x=1", "json_output.x=1",
		"json_output[0]=1", "a\\x=1", "a\\=1", "[0]=1", "rules={a: [}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int r;
		auto_config struct config *c = read_config("json_output: true\nrules: []\n", &bad[i], 1, &r);

		assert_null(c);
		if (r != -EINVAL)
			fail_msg("%s: %d", bad[i], r);
	}
}

/* Complaints have a place, and never a secret. */
static const struct {
	const char *text, *assignment, *told;
} complaints[] = {
	{ "a: 1\npriority: warnin\n", NULL,
	  "t.yaml:2:11: priority: \"warnin\" is none of emergency|alert|critical|error|warning|"
	  "notice|informational|info|debug; did you mean warning?" },
	{ "engine:\n  kind: modern_bpf\n", NULL, "t.yaml:2:9: engine.kind: \"modern_bpf\" is none of" },
	{ "engine:\n  kind: modern_bpf\n", NULL, "did you mean modern_ebpf?" },
	{ "", "engine.kind=x", "-o engine.kind: \"x\" is none of" },
	{ "rules: [{disable: {rule: a}}, {enable: {}}]\n", NULL,
	  "t.yaml:1:31: rules[1]: it must be enable or disable" },
	{ "a: [b\n", NULL, "t.yaml:2:1" },
	{ "http_output: {enabled: true}\n", NULL, "t.yaml:1:24: http_output.enabled: http_output.url is missing" },
	{ "", "http_output={url: secret, enabled: [}", "http_output:1:" },
};

static void test_complaints(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(complaints); i++) {
		auto_config struct config *c = NULL;
		struct error err = { 0 };
		int r = config_read(STR("t.yaml"), str_of(complaints[i].text), &complaints[i].assignment,
				    complaints[i].assignment ? 1 : 0, &c, &err);

		if (r != -EINVAL || !strstr(err.text, complaints[i].told) || strstr(err.text, "secret"))
			fail_msg("%s: %s", complaints[i].told, err.text);
	}
}

static void test_environment(void **state)
{
	int r;
	auto_config struct config *c = NULL;

	(void)state;
	setenv("MONITOR_TEST_VALUE", "$info", 1);
	unsetenv("MONITOR_TEST_NONE");
	c = read_config(
		"static_fields: {a: 'x${MONITOR_TEST_VALUE}y', b: '$${MONITOR_TEST_VALUE}', c: '${MONITOR_TEST_NONE}',"
		" d: '${open', e: 'a$b'}\n",
		NULL, 0, &r);
	assert_int_equal(r, 0);
	assert_true(str_eq(c->static_values[0], STR("x$infoy")));
	assert_true(str_eq(c->static_values[1], STR("${MONITOR_TEST_VALUE}")));
	assert_true(str_eq(c->static_values[2], STR("")));
	assert_true(str_eq(c->static_values[3], STR("${open")));
	assert_true(str_eq(c->static_values[4], STR("a$b")));
}

/* Variables that hold variables, names within names, one that holds itself. */
static void test_nested_environment(void **state)
{
	static const struct {
		const char *value, *expected;
	} rows[] = {
		{ "${MONITOR_TEST_A}", "x-b-y" },	    { "$${${MONITOR_TEST_B}}", "${b}" },
		{ "$${MONITOR_TEST_B}${MONITOR_TEST_B}", "${MONITOR_TEST_B}b" },
		{ "$$MONITOR_TEST_B", "$$MONITOR_TEST_B" }, { "${ MONITOR_TEST_B }", "" },
		{ "\\\"${MONITOR_TEST_B}\\\"", "\"b\"" },	    { "$x ${MONITOR_TEST_B}", "$x b" },
		{ "${}", "" },
	};
	size_t i;

	(void)state;
	setenv("MONITOR_TEST_A", "x-${MONITOR_TEST_B}-y", 1);
	setenv("MONITOR_TEST_B", "b", 1);
	setenv("MONITOR_TEST_SELF", "a${MONITOR_TEST_SELF}", 1);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[128];
		int r;
		auto_config struct config *c = NULL;

		snprintf(text, sizeof(text), "static_fields: {v: \"%s\"}\n", rows[i].value);
		c = read_config(text, NULL, 0, &r);
		assert_int_equal(r, 0);
		if (!str_eq(c->static_values[0], str_of(rows[i].expected)))
			fail_msg("%s: " STR_FMT, rows[i].value, STR_ARG(c->static_values[0]));
	}
	{
		int r;
		auto_config struct config *c = read_config("static_fields: {v: '${MONITOR_TEST_SELF}'}\n", NULL, 0, &r);

		assert_int_equal(r, 0);
		assert_true(c->static_values[0].len > 10 && c->static_values[0].len < 10000);
	}
}

/* None of two million is closed; each is looked at once, so this takes no minutes. */
static void test_open_variables(void **state)
{
	auto_strbuf struct strbuf text = { 0 };
	auto_config struct config *c = NULL;
	int r;

	(void)state;
	strbuf_adds(&text, "static_fields: {v: '");
	for (int i = 0; i < 2000000; i++)
		strbuf_adds(&text, "${");
	strbuf_adds(&text, "'}\n");
	assert_false(text.failed);
	c = read_config(text.ptr, NULL, 0, &r);
	assert_int_equal(r, 0);
	assert_int_equal(c->static_values[0].len, 4000000);
}

/* Entries that are compared with each other are not beyond count. */
static void test_many_entries(void **state)
{
	static const struct {
		const char *before, *entry, *after, *told;
	} rows[] = {
		{ "append_output: [", "{}, ", "]\n", "t.yaml:1:16: append_output: more than 1000 entries" },
		{ "append_output: [{extra_fields: [", "a, ", "]}]\n", "append_output: more than 1000 extra_fields" },
		{ "plugins: [", "{name: a, library_path: b}, ", "]\n", "plugins: more than 1000 entries" },
		{ "plugins: [{name: a, library_path: b}]\nload_plugins: [", "a, ", "]\n",
		  "t.yaml:2:15: load_plugins: more than 1000 entries" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int n = 1000; n <= 1001; n++) {
			auto_strbuf struct strbuf text = { 0 };
			auto_config struct config *c = NULL;
			struct error err = { 0 };
			int r;

			strbuf_adds(&text, rows[i].before);
			for (int k = 0; k < n; k++)
				strbuf_adds(&text, rows[i].entry);
			strbuf_adds(&text, rows[i].after);
			assert_false(text.failed);
			r = config_read(STR("t.yaml"), strbuf_str(&text), NULL, 0, &c, &err);
			if (r != (n > 1000 ? -EINVAL : 0) || (r < 0 && !strstr(err.text, rows[i].told)))
				fail_msg("%s %d: %d %s", rows[i].before, n, r, err.text);
		}
}

static bool warned(const struct config *c, const char *part)
{
	size_t i;

	for (i = 0; i < c->nwarnings; i++)
		if (str_contains(c->warnings[i], str_of(part)))
			return true;
	return false;
}

static void test_warnings(void **state)
{
	int r;
	auto_config struct config *c = read_config(
		"jsonoutput: true\ncontainer_engines: {docker: {enabled: false}, cri: {disable_async: true}}\n"
		"engine: {kind: nodriver, ebpf: {probe: x}}\nmetrics: {intervall: 1h}\njson_output: perhaps\n",
		NULL, 0, &r);

	(void)state;
	assert_int_equal(r, 0);
	assert_true(warned(c, "unknown key jsonoutput; did you mean json_output?"));
	assert_true(warned(c, "unknown key metrics.intervall; did you mean metrics.interval?"));
	assert_true(warned(
		c, "accepted without effect: container_engines.cri.disable_async (Falco itself dropped the key)"));
	assert_true(warned(c, "json_output has the wrong type"));
	assert_true(warned(c, "t.yaml:5:14: json_output"));
	assert_true(warned(c, "t.yaml:1:1: unknown key jsonoutput"));
	assert_false(warned(c, "probe"));
	assert_int_equal(c->nwarnings, 4);
}

static void test_shape(void **state)
{
	int r;
	auto_config struct config *c =
		read_config("outputs_queue: [5]\nengine: {kind: nodriver, kmod: 5}\npriority: info\npriority: debug\n"
			    "metrics: {enabled: true, output_rule: true, enabled: false}\n",
			    NULL, 0, &r);

	(void)state;
	assert_int_equal(r, 0);
	assert_true(warned(c, "t.yaml:1:16: outputs_queue has the wrong type: it is a map; its keys are passed over"));
	assert_true(warned(c, "engine.kmod has the wrong type: it is a map; its keys are passed over"));
	assert_true(warned(c, "t.yaml:4:1: priority is written twice; the first counts"));
	assert_true(warned(c, "metrics.enabled is written twice; the first counts"));
	assert_int_equal(c->nwarnings, 4);
	assert_true(c->metrics_enabled);
}

/* Maps whose keys are the user's are read whole, as Falco does: of two values the last stays. */
static void test_free_maps(void **state)
{
	int r;
	auto_config struct config *c =
		read_config("static_fields: {env: a, other: b, env: c, env: d}\nload_plugins: [p]\n"
			    "plugins: [{name: p, library_path: x, init_config: {k: 1, l: [{m: 2, m: 3}], k: 4}}]\n",
			    NULL, 0, &r);

	(void)state;
	assert_int_equal(r, 0);
	assert_true(warned(c, "t.yaml:1:35: static_fields.env is written twice; the last counts"));
	assert_true(warned(c, "t.yaml:1:43: static_fields.env is written twice; the last counts"));
	assert_true(warned(c, "plugins[].init_config.k is written twice; the last counts"));
	assert_true(warned(c, "plugins[].init_config.m is written twice; the last counts"));
	assert_int_equal(c->nwarnings, 4);
	assert_int_equal(c->nstatic, 2);
	assert_string_equal(c->static_names[0].ptr, "other");
	assert_string_equal(c->static_names[1].ptr, "env");
	assert_string_equal(c->static_values[1].ptr, "d");
	assert_int_equal(c->nload, 1);
	assert_string_equal(c->load[0].init_config.ptr, "{\"l\":[{\"m\":3}],\"k\":4}");
}

/* What is said of a value: the place, the value, what it should be. */
static const struct {
	const char *text, *message;
} refused[] = {
	{ "load_plugins: [jsn]\nplugins: [{name: json, library_path: x}]\n",
	  "t.yaml:1:16: load_plugins[0]: \"jsn\" is none of the names in plugins" },
	{ "load_plugins: json\n",
	  "t.yaml:1:15: load_plugins: \"json\" is none of the names in plugins, which is empty" },
	{ "plugins: 5\n", "t.yaml:1:10: plugins: it needs a name and a library_path" },
	{ "plugins: [{name: p, library_path: ./../../tmp/p.so}]\n",
	  "t.yaml:1:11: plugins[0]: its library_path leads out of the folder of plugins" },
	{ "webserver: {listen_address: localhost}\n", "webserver.listen_address: \"localhost\" is no IP address" },
	{ "append_output: [{extra_output: []}]\n",
	  "append_output[0]: it must be a map of match (source, rule, a list of tags), extra_output" },
	{ "outputs_queue: 5\n",
	  "t.yaml:1:16: outputs_queue: it is a map of keys, such as outputs_queue.capacity, and no text" },
	{ "base_syscalls: {custom_set: [a, {b: c}]}\n", "base_syscalls.custom_set: entry 1 is no text" },
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct config *c;
		struct error err = { 0 };

		assert_int_equal(config_read(STR("t.yaml"), str_of(refused[i].text), NULL, 0, &c, &err), -EINVAL);
		if (!strstr(err.text, refused[i].message))
			fail_msg("%s: %s", refused[i].text, err.text);
	}
}

static void test_null(void **state)
{
	int r;
	auto_config struct config *c =
		read_config("program_output: {program: }\nhttp_output: {url: \"\"}\n", NULL, 0, &r);

	(void)state;
	assert_int_equal(r, 0);
	assert_true(str_eq(c->program_output_program, STR("null")));
	assert_true(warned(c, "program_output.program has no value, which Falco reads as the text \"null\""));
	assert_int_equal(c->nwarnings, 1);
}

/* Falco takes brackets for a text, which no list key has a use for. */
static void test_brackets(void **state)
{
	static const char *const list[] = { "syscall_event_drops.actions=[log, alert]" };
	struct config_input in = { .assignments = list, .nassignments = 1 };
	struct config *c = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(config_load_input(&in, &c, &err), 0);
	assert_int_equal(config_items(c->syscall_event_drops_actions), 2);
	config_free(c);
	in.strict = true;
	assert_int_equal(config_load_input(&in, &c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "-o syscall_event_drops.actions: Falco takes a value in brackets for a text"));
}

static void test_assigned_warning(void **state)
{
	static const char *const list[] = { "jsn_output=true", "metrics.intervall=secret" };
	int r;
	auto_config struct config *c = read_config("", list, ARRAY_SIZE(list), &r);

	(void)state;
	assert_int_equal(r, 0);
	assert_true(warned(c, "-o jsn_output: unknown key jsn_output; did you mean json_output?"));
	assert_true(warned(c, "-o metrics.intervall: unknown key metrics.intervall; did you mean metrics.interval?"));
	assert_int_equal(c->nwarnings, 2);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_included(void **state)
{
	char folder[] = "test_config.XXXXXX", path[64], main_text[256];
	int r;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/1.yaml", folder);
	write_text(path, "rules: [{disable: {rule: b}}]\npriority: error\n");
	snprintf(path, sizeof(path), "%s/2.yaml", folder);
	write_text(path, "priority: alert\njson_output: true\n");
	snprintf(main_text, sizeof(main_text),
		 "config_files: [%s/1.yaml, {path: %s/2.yaml, strategy: add-only}, missing.yaml]\n"
		 "rules: [{disable: {rule: a}}]\npriority: notice\n",
		 folder, folder);
	{
		auto_config struct config *c = read_config(main_text, NULL, 0, &r);

		assert_int_equal(r, 0);
		assert_int_equal(c->nselections, 2);
		assert_int_equal(c->min_priority, PRIORITY_ERROR);
		assert_true(c->json_output);
	}
	snprintf(main_text, sizeof(main_text),
		 "config_files: [{path: %s, strategy: override}]\nrules: [{disable: {rule: a}}]\n", folder);
	{
		auto_config struct config *c = read_config(main_text, NULL, 0, &r);

		assert_int_equal(r, 0);
		assert_int_equal(c->nselections, 1);
		assert_true(str_eq(c->selections[0].rule, STR("b")));
		assert_int_equal(c->min_priority, PRIORITY_ALERT);
	}
	write_text(path, "Written by hand, for people.\n");
	{
		auto_config struct config *c = read_config(main_text, NULL, 0, &r);

		assert_int_equal(r, 0);
		assert_int_equal(c->min_priority, PRIORITY_ERROR);
		assert_int_equal(c->nwarnings, 1);
		assert_non_null(strstr(c->warnings[0].ptr, "2.yaml: there are no keys in it, and it is passed over"));
	}
	write_text(path, "\n nosuch: 1\n");
	{
		auto_config struct config *c = read_config(main_text, NULL, 0, &r);

		assert_int_equal(r, 0);
		assert_non_null(strstr(c->warnings[0].ptr, "2.yaml:2:2: unknown key nosuch"));
	}
	write_text(path, "- a list\n");
	{
		auto_config struct config *c = read_config(main_text, NULL, 0, &r);

		assert_int_equal(r, -EINVAL);
		assert_null(c);
	}
	write_text(path, "config_files: [x]\n");
	{
		auto_config struct config *c = read_config(main_text, NULL, 0, &r);

		assert_int_equal(r, -EINVAL);
		assert_null(c);
	}
	unlink(path);
	snprintf(path, sizeof(path), "%s/1.yaml", folder);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_assignments),
		cmocka_unit_test(test_bad_assignments),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_nested_environment),
		cmocka_unit_test(test_open_variables),
		cmocka_unit_test(test_many_entries),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_assigned_warning),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_free_maps),
		cmocka_unit_test(test_brackets),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_included),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
