/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config_show.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/config_rows.h"

static struct config *must_read(struct str text, const char *const *assignments, size_t n)
{
	struct config *c = NULL;
	struct error err = { 0 };

	if (config_read(STR("t.yaml"), text, assignments, n, &c, &err) < 0)
		fail_msg("%s", err.text);
	return c;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

/* A row that works has no reason against it, and the other way round; every default is a value of its type. */
static void test_rows(void **state)
{
	auto_config struct config *c = must_read(STR(""), NULL, 0);
	size_t i, k;

	(void)state;
	assert_true(config_nrows > 140);
	for (i = 0; i < config_nrows; i++) {
		const struct config_row *row = &config_rows[i];
		char text[512];
		auto_config struct config *same = NULL;
		struct error err = { 0 };

		for (k = 0; k < i; k++)
			assert_string_not_equal(config_rows[k].key, row->key);
		assert_true(strlen(row->what) >= 3);
		assert_int_equal(row->state == CONFIG_WORKS, *row->why == 0);
		if (row->member || !*row->fallback)
			continue;
		/* the default written out is accepted, and changes nothing */
		snprintf(text, sizeof(text), "%s=%s", row->key, row->fallback);
		if (config_read(STR("t"), STR("engine: {replay: {capture_file: x}}"), (const char *[]){ text }, 1,
				&same, &err) < 0)
			fail_msg("%s: %s", text, err.text);
		for (k = 0; k < same->nwarnings; k++)
			fail_msg("%s: " STR_FMT, text, STR_ARG(same->warnings[k]));
	}
	assert_int_equal(c->nwarnings, 0);
}

/* The keys of one block stand together: else it would be printed twice. */
static void test_blocks(void **state)
{
	auto_config struct config *c = must_read(STR(""), NULL, 0);
	auto_strbuf struct strbuf out = { 0 };
	auto_config struct config *again = NULL;
	char line[128];
	size_t i;

	(void)state;
	config_show(&out, c);
	again = must_read(strbuf_str(&out), NULL, 0);
	assert_int_equal(again->nwarnings, 0);
	for (i = 0; i < config_nrows; i++) {
		size_t n = strcspn(config_rows[i].key, ".[");
		const char *first;

		snprintf(line, sizeof(line), "\n%.*s:", (int)n, config_rows[i].key);
		first = strstr(out.ptr, line);
		if (first && strstr(first + 1, line))
			fail_msg("the keys below %s do not stand together", line + 1);
	}
}

/* ---- show ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *text, *assignment, *shown;
} lines[] = {
	{ "", NULL, "json_output: false  # default\n" },
	{ "", NULL, "# load_plugins is not set\n" },
	{ "", NULL, "syscall_event_drops:\n  threshold: 0.1  # default\n  actions:\n    - ignore  # default\n" },
	{ "json_output: yes", NULL, "json_output: true  # t.yaml:1:14\n" },
	{ "json_output: perhaps", NULL, "json_output: false  # default\n" },
	{ "a: b\n\npriority:  ERROR", NULL, "priority: ERROR  # t.yaml:3:12\n" },
	{ "priority: debug", "priority=info", "priority: info  # -o priority\n" },
	{ "engine: {kmod: {buf_size_preset: 7.0}}", NULL, "  kmod:\n    buf_size_preset: 4  # default\n" },
	{ "engine: {kmod: {buf_size_preset: -7}}", NULL, "  kmod:\n    buf_size_preset: -7  # t.yaml:1:34\n" },
	{ "http_output: {user_agent: 'a: #b\"'}", NULL, "  user_agent: \"a: #b\\\"\"  # t.yaml:1:27\n" },
	{ "http_output: {url: 'https://u:secret@h/'}", NULL, "  url: \"********\"  # t.yaml:1:20\n" },
	{ "", "http_output.url=https://secret", "  url: \"********\"  # -o http_output.url\n" },
	{ "http_output: {url: ''}", NULL, "  url: \"\"  # t.yaml:1:20\n" },
	{ "plugins: [{name: a, library_path: b, init_config: {token: secret}, open_params: secret}]\nload_plugins: []",
	  NULL,
	  "plugins:\n  -\n    name: a  # t.yaml:1:18\n    library_path: b  # t.yaml:1:35\n"
	  "    init_config: \"********\"  # t.yaml:1:51\n    open_params: \"********\"  # t.yaml:1:81\n" },
	{ "static_fields: {a b: , 'c': 1}", NULL,
	  "static_fields:\n  \"a b\": null  # t.yaml:1:24\n  c: 1  # t.yaml:1:29\n" },
	{ "rules: []", NULL, "rules: []  # t.yaml:1:8\n" },
	{ "rules: [{disable: {rule: x}}]", "rules[].enable.tag=y",
	  "rules:\n  -\n    disable:\n      rule: x  # t.yaml:1:26\n  -\n    enable:\n      tag: y  # -o rules[].enable.tag\n" },
	{ "rules_files: x", "rules_files[]=y", NULL },
	{ "config_files: [/none]", "config_files[]=/none/either",
	  "config_files:\n  - /none  # t.yaml:1:16\n  - /none/either  # -o config_files[]\nwatch" },
	{ "rules_files: [x]", "rules_files[]=y", "rules_files:\n  - x  # t.yaml:1:15\n  - y  # -o rules_files[]\n" },
	{ "rules_files: [x]", "rules_files=[y, z]",
	  "rules_files:\n  - y  # -o rules_files\n  - z  # -o rules_files\n" },
	{ "outputs: {rate: 5}", NULL, "outputs:\n  rate: 5  # t.yaml:1:17\n" },
};

static void test_lines(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		auto_strbuf struct strbuf out = { 0 };
		auto_config struct config *c = NULL;
		struct error err = { 0 };
		int r = config_read(STR("t.yaml"), str_of(lines[i].text), &lines[i].assignment,
				    lines[i].assignment ? 1 : 0, &c, &err);

		if ((r == 0) != (lines[i].shown != NULL))
			fail_msg("%s: %s", lines[i].text, err.text);
		if (r < 0)
			continue;
		config_show(&out, c);
		if (!strstr(out.ptr, lines[i].shown))
			fail_msg("%s:\n%s", lines[i].text, out.ptr);
		assert_null(strstr(out.ptr, "secret"));
	}
}

/* The comments may differ. */
static void strip(struct strbuf *out, struct str text)
{
	while (text.len) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t n = end ? (size_t)(end - text.ptr) + 1 : text.len;
		const char *comment = memmem(text.ptr, n, "  # ", 4);

		strbuf_add(out, text.ptr, comment ? (size_t)(comment - text.ptr) : n - 1);
		strbuf_addc(out, '\n');
		text = (struct str){ text.ptr + n, text.len - n };
	}
}

/* What is shown is a configuration that shows the same. */
static void check_round(const struct config *c, const char *name)
{
	auto_strbuf struct strbuf first = { 0 }, second = { 0 }, a = { 0 }, b = { 0 };
	auto_config struct config *again = NULL;

	config_show(&first, c);
	again = must_read(strbuf_str(&first), NULL, 0);
	config_show(&second, again);
	strip(&a, strbuf_str(&first));
	strip(&b, strbuf_str(&second));
	if (strcmp(a.ptr, b.ptr) != 0)
		fail_msg("%s: %s\nis not\n%s", name, a.ptr, b.ptr);
}

static void test_round(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		auto_config struct config *c = NULL;

		if (!lines[i].shown || lines[i].assignment)
			continue;
		c = must_read(str_of(lines[i].text), NULL, 0);
		check_round(c, lines[i].text);
	}
}

/* ---- Falco's own files, where they are at hand --------------------------------------------------------- */

/* In which version a file says what, apart from what all say. */
static const struct {
	const char *file, *shown;
} said[] = {
	{ "0.36.2", "libs_logger:\n  enabled: false" },	      { "0.36.2", "outputs:\n  rate: 0" },
	{ "0.36.2", "rules_file:\n  - /etc/falco/falco_rules.yaml" }, { "0.36.2", "metadata_download:\n  max_mb: 100" },
	{ "0.38.2", "engine:\n  kind: modern_ebpf" },	      { "0.38.2", "  gvisor:\n    config: \"\"" },
	{ "0.40.0", "container_engines:\n  docker:\n    enabled: true" }, { "0.40.0", "snaplen: 80" },
	{ "0.41.3", "    name: container" },		      { "0.42.1", "capture:\n  enabled: false" },
	{ "0.43.0", "grpc:\n  enabled: false" },	      { "0.44.1", "disable_iterators: false" },
	{ "0.44.1", "append_output:\n  -\n    suggested_output: true" },
};

static void test_falco_yaml(void **state)
{
	const char *shared = getenv("MONITOR_SHARED"), *srcdir = getenv("srcdir");
	char pattern[512];
	glob_t found;
	size_t i, k, versions = 0;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s%s/reference/falco-yaml/*.yaml", shared ? shared : srcdir ? srcdir : ".",
		 shared ? "" : "/../shared");
	if (glob(pattern, 0, NULL, &found) != 0)
		skip();
	setenv("HOME", "/root", 1);
	for (i = 0; i < found.gl_pathc; i++) {
		auto_config struct config *c = NULL;
		auto_strbuf struct strbuf out = { 0 };
		struct error err = { 0 };

		/* what stands in the machine's own /etc is not meant */
		if (config_load(found.gl_pathv[i], NULL, 0, &c, &err) < 0)
			fail_msg("%s: %s", found.gl_pathv[i], err.text);
		for (k = 0; k < c->nwarnings; k++)
			if (str_contains(c->warnings[k], STR("unknown key")) ||
			    str_contains(c->warnings[k], STR("wrong type")) ||
			    (strstr(found.gl_pathv[i], "0.44") && str_contains(c->warnings[k], STR("without effect"))))
				fail_msg("%s: " STR_FMT, found.gl_pathv[i], STR_ARG(c->warnings[k]));
		check_round(c, found.gl_pathv[i]);
		config_show(&out, c);
		for (k = 0; k < ARRAY_SIZE(said); k++) {
			if (!strstr(found.gl_pathv[i], said[k].file))
				continue;
			versions++;
			if (!strstr(out.ptr, said[k].shown))
				fail_msg("%s does not show %s:\n%s", found.gl_pathv[i], said[k].shown, out.ptr);
		}
	}
	assert_int_equal(versions, ARRAY_SIZE(said));
	globfree(&found);
}

/* ---- dump and schema ----------------------------------------------------------------------------------- */

static void test_dump(void **state)
{
	auto_config struct config *c =
		must_read(STR("a: [1, 'x\"y', ~]\nhttp_output: {url: secret, echo: true}\nb: {}\n"), NULL, 0);
	auto_strbuf struct strbuf out = { 0 };

	(void)state;
	config_dump(&out, c);
	assert_string_equal(
		out.ptr,
		"{\"a\": [\"1\", \"x\\\"y\", null], \"http_output\": {\"url\": \"********\", \"echo\": \"true\"}, "
		"\"b\": {}}");
}

static void test_schema(void **state)
{
	auto_strbuf struct strbuf out = { 0 };

	(void)state;
	config_schema(&out);
	assert_false(out.failed);
	assert_non_null(strstr(
		out.ptr, "\"kind\": {\n          \"type\": \"string\",\n          \"enum\": [\n            \"kmod\""));
	assert_non_null(strstr(out.ptr, "\"max_consecutive_timeouts\": {\n          \"type\": \"integer\",\n"
					"          \"minimum\": 0,\n          \"maximum\": 255"));
	assert_non_null(strstr(out.ptr, "\"init_config\""));
	assert_null(strstr(out.ptr, "[]"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	   cmocka_unit_test(test_blocks), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_round),	   cmocka_unit_test(test_falco_yaml), cmocka_unit_test(test_dump),
		cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
