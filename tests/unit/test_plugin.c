/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin_liar.h"

static void assert_refused(const plugin_api *api, const char *why)
{
	struct plugin *p = NULL;
	struct error err = { 0 };

	assert_true(load(api, &p, &err) < 0);
	if (!strstr(err.text, why) || !strstr(err.text, "liar"))
		fail_msg("\"%s\", not \"%s\"", err.text, why);
}

static void test_versions(void **state)
{
	static const char *const good[] = { "3.0.0", "3.1.7", "3.12.0", "3.11.99" };
	static const char *const bad[] = { "3.13.0", "3.12.1", "4.0.0", "2.0.0", "3", "3.x.0", "", "99999999999.0.0" };
	plugin_api api = good_api();
	struct plugin *p;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		reset(state);
		says.api_version = good[i];
		assert_int_equal(load(&api, &p, NULL), 0);
		plugin_free(p);
		assert_int_equal(says.destroyed, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		says.api_version = bad[i];
		assert_refused(&api, "version");
	}
}

static void test_refused(void **state)
{
	plugin_api api = good_api();

	api.destroy = NULL;
	assert_refused(&api, "lacks");
	api = good_api();
	api.next_batch = NULL;
	assert_refused(&api, "belong together");
	api = good_api();
	api.get_fields = NULL;
	assert_refused(&api, "needs get_fields");
	api = good_api();
	says.source = "";
	assert_refused(&api, "has an id but no name");
	reset(state);
	says.id = 0;
	assert_refused(&api, "has a name but no id");
	reset(state);
	says.source = "syscall";
	assert_refused(&api, "cannot be called syscall");
	reset(state);
	says.name = "other";
	assert_refused(&api, "calls itself other");
	reset(state);
	says.version = "one";
	assert_refused(&api, "not three numbers");
	reset(state);
	says.init = SS_PLUGIN_FAILURE;
	assert_refused(&api, "its own words");
	assert_int_equal(says.destroyed, 1);
}

#define FIELD_A "[{\"name\":\"liar.a\",\"type\":\"string\",\"desc\":\"d\""

static void test_bad_fields(void **state)
{
	static const struct {
		const char *fields, *why;
	} cases[] = {
		{ NULL, "no JSON list" },
		{ "", "no JSON list" },
		{ "{}", "no JSON list" },
		{ "[]", "it names no fields" },
		{ "[1]", "no name" },
		{ "[{\"name\":\"a b\",\"type\":\"string\",\"desc\":\"d\"}]", "no name" },
		{ "[{\"name\":\"liar.a\",\"type\":\"float\",\"desc\":\"d\"}]", "unknown type" },
		{ "[{\"name\":\"liar.a\",\"desc\":\"d\"}]", "unknown type" },
		{ "[{\"name\":\"liar.a\",\"type\":\"string\"}]", "liar.a has no desc" },
		{ FIELD_A ",\"isList\":1}]", "liar.a: isList is neither true nor false" },
		{ FIELD_A ",\"addOutput\":\"yes\"}]", "liar.a: addOutput is neither" },
		{ FIELD_A ",\"arg\":{\"isKey\":1}}]", "liar.a: isKey is neither" },
		{ FIELD_A ",\"arg\":{\"isRequired\":true}}]", "liar.a: its argument is neither an index nor a key" },
		{ FIELD_A ",\"arg\":[]}]", "liar.a: arg is no object" },
		{ FIELD_A ",\"properties\":{}}]", "liar.a: properties is no list of texts" },
		{ FIELD_A ",\"properties\":[1]}]", "liar.a: properties is no list of texts" },
	};
	plugin_api api = good_api();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		says.fields = cases[i].fields;
		assert_refused(&api, cases[i].why);
	}
}

/*
 * What Falco lets pass: null for what is not there, an argument that may be left out, words for programs with
 * windows.
 */
static void test_odd_fields(void **state)
{
	static const char *const fields[] = {
		FIELD_A ",\"isList\":null,\"addOutput\":null,\"arg\":null,\"properties\":null}]",
		FIELD_A ",\"arg\":{\"isRequired\":false,\"isIndex\":false}}]",
		FIELD_A ",\"display\":\"A\",\"properties\":[\"hidden\",\"info\",\"conversation\",\"new\"]}]",
	};
	plugin_api api = good_api();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		struct plugin *p = NULL;
		struct error err = { 0 };

		says.fields = fields[i];
		if (load(&api, &p, &err) < 0)
			fail_msg("%s: %s", fields[i], err.text);
		end_world();
		plugin_free(p);
	}
}

/* ---- which events it works on ---- */

static const char *listed;

static const char *get_sources(void)
{
	return listed;
}

/* Its own source is always among them. */
static void test_sources(void **state)
{
	static const struct {
		const char *listed, *source;
		uint32_t id;
		bool own, calls, other;
	} cases[] = {
		{ NULL, "lies", 999, true, false, false },
		{ "", "lies", 999, true, false, false },
		{ "[]", "lies", 999, true, false, false },
		{ "[\"\"]", "lies", 999, true, false, false },
		{ "[\"syscall\"]", "lies", 999, true, true, false },
		{ "[\"other\"]", "lies", 999, true, false, true },
		{ NULL, "", 0, true, true, true },
		{ "[\"other\"]", "", 0, false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		plugin_api api = good_api();
		auto_plugin struct plugin *p = NULL;
		struct error err = { 0 };

		listed = cases[i].listed;
		says.source = cases[i].source;
		says.id = cases[i].id;
		api.get_extract_event_sources = get_sources;
		if (load(&api, &p, &err) < 0)
			fail_msg("%zu: %s", i, err.text);
		assert_int_equal(plugin_extracts_from(p, STR("lies")), cases[i].own);
		assert_int_equal(plugin_extracts_from(p, STR("syscall")), cases[i].calls);
		assert_int_equal(plugin_extracts_from(p, STR("other")), cases[i].other);
		end_world();
	}
}

static int next_of(struct error *err)
{
	plugin_api api = good_api();
	auto_plugin struct plugin *p = NULL;
	auto_source struct source *s = NULL;
	struct event ev;
	int r;

	assert_int_equal(load(&api, &p, err), 0);
	r = plugin_source_open(p, "", NULL, &s, err);
	if (r == 0)
		r = s->ops->next(s, &ev, err);
	if (r == 1) {
		assert_int_equal(ev.type, EV_PLUGINEVENT_E);
		assert_int_equal(ev.tid, -1);
		assert_int_equal(event_param_uint(&ev, 0), 999);
		assert_true(str_eq(event_param(&ev, 1), STR("data")));
	}
	return r;
}

static void test_events(void **state)
{
	struct error err = { 0 };

	assert_int_equal(next_of(&err), 1);
	assert_int_equal(says.closed, 1);
	says.event_id = 0; /* stands for its own */
	assert_int_equal(next_of(&err), 1);
	says.nevents = 0;
	assert_int_equal(next_of(&err), 0);
	says.next = SS_PLUGIN_TIMEOUT;
	assert_int_equal(next_of(&err), 0);
	says.next = SS_PLUGIN_EOF;
	assert_int_equal(next_of(&err), -ENODATA);
	says.next = SS_PLUGIN_FAILURE;
	assert_true(next_of(&err) < 0);
	assert_non_null(strstr(err.text, "liar: its event source failed: its own words"));
	says.nevents = 1; /* it failed behind this one */
	assert_int_equal(next_of(&err), 1);
	reset(state);
	says.open = SS_PLUGIN_FAILURE;
	assert_true(next_of(&err) < 0);
	assert_int_equal(says.closed, 0);
}

static int no_answer(const struct needs *needs, source_sink sink, void *context, struct error *err)
{
	(void)needs;
	(void)sink;
	(void)context;
	(void)err;
	return 42;
}

/*
 * Without an id its events are system calls, whatever it calls its source: of any type, and about processes
 * that can be asked for.
 */
static void test_calls(void **state)
{
	plugin_api api = good_api();
	auto_plugin struct plugin *p = NULL;
	auto_source struct source *s = NULL;
	const struct needs needs = { .count = 0 };
	struct plugin_view view;
	struct event ev;

	(void)state;
	says.id = 0;
	says.source = "";
	says.type = EV_ASYNCEVENT_E;
	assert_int_equal(load(&api, &p, NULL), 0);
	plugin_get(p, &view);
	assert_int_equal(view.id, 0);
	assert_int_equal(view.source.len, 0);
	assert_true(plugin_suits(p, STR("syscall")));
	assert_int_equal(plugin_source_open(p, "", no_answer, &s, NULL), 0);
	assert_int_equal(s->traits, SOURCE_REPORTS_FDS);
	assert_int_equal(s->ops->fetch(s, &needs, NULL, NULL, NULL), 42);
	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	assert_int_equal(ev.tid, 7);
	says.type = EV_PLUGINEVENT_E;
	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	assert_int_equal(ev.tid, -1); /* these have none */
	says.event_id = 0;
	assert_int_equal(s->ops->next(s, &ev, NULL), -EBADMSG); /* nobody's */
	says.id = 999;
	source_close(s);
	assert_int_equal(plugin_source_open(p, "", NULL, &s, NULL), 0);
	assert_null(s->ops->fetch);
}

static void assert_bad_event(void **state, const char *what)
{
	struct error err = { 0 };

	if (next_of(&err) != -EBADMSG || !strstr(err.text, "liar"))
		fail_msg("%s: %s", what, err.text);
	reset(state);
}

static void test_bad_events(void **state)
{
	says.len = 25;
	assert_bad_event(state, "shorter than a header");
	says.len = UINT32_MAX;
	assert_bad_event(state, "longer than the address space");
	says.nparams = 3;
	assert_bad_event(state, "too many parameters");
	says.nparams = 1;
	says.lengths[1] = 999; /* is the one parameter */
	says.len = 34;
	assert_bad_event(state, "too few parameters");
	says.lengths[1] = 400;
	assert_bad_event(state, "a parameter beyond the end");
	says.event_id = 998;
	assert_bad_event(state, "another plugin's id");
	says.type = 60000;
	assert_bad_event(state, "no such type");
	says.type = 402;
	assert_bad_event(state, "not its type");
	says.no_batch = true;
	assert_bad_event(state, "no batch");
	says.no_event = true;
	assert_bad_event(state, "no event");
	says.nevents = UINT32_MAX;
	assert_bad_event(state, "a wild number of events");
}

/* The field's value as outputs print it; NULL when there is no such field. */
static const char *value_of(const char *name)
{
	static struct strbuf out;
	plugin_api api = good_api();
	auto_plugin struct plugin *p = NULL;
	auto_source struct source *s = NULL;
	auto_arena struct arena *arena = arena_new(1024);
	struct plugin_view view;
	struct field_options options = { .nforeign = 1, .foreign = &view.fields };
	struct field_context ctx = { .arena = arena, .source_name = STR("lies") };
	struct values values = { 0 };
	struct field_ref ref;
	struct event ev;
	size_t used;

	assert_int_equal(load(&api, &p, NULL), 0);
	plugin_get(p, &view);
	assert_int_equal(plugin_source_open(p, "", NULL, &s, NULL), 0);
	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	ctx.ev = &ev;
	if (field_lookup(str_of(name), &options, &ref, &used, NULL) < 0 || used != strlen(name))
		return NULL;
	strbuf_reset(&out);
	field_print(&out, &ref, field_extract(&ref, &ctx, &values), &values);
	return out.ptr;
}

static void test_values(void **state)
{
	const char *texts[] = { "one", NULL };
	uint64_t numbers[] = { 1, 2, 3 };
	ss_plugin_byte_buffer address = { 4, "\177\0\0\1" };

	says.res = texts;
	says.res_len = 1;
	assert_string_equal(value_of("liar.text"), "one");
	assert_null(value_of("liar.key"));
	assert_null(value_of("liar.index[x]"));
	assert_null(value_of("liar.index[03]"));
	assert_null(value_of("liar.index[]"));
	assert_null(value_of("liar.text[1]"));
	says.res_len = 2; /* it is no list */
	assert_string_equal(value_of("liar.text"), "<NA>");
	says.res_len = 0;
	assert_string_equal(value_of("liar.text"), "<NA>");
	says.res_len = 1;
	says.extract = SS_PLUGIN_FAILURE;
	assert_string_equal(value_of("liar.text"), "<NA>");
	reset(state);
	says.res_len = 1;
	assert_string_equal(value_of("liar.text"), "<NA>"); /* no array */
	says.res = texts + 1;
	assert_string_equal(value_of("liar.text"), "<NA>"); /* no text in it */
	says.res = numbers;
	says.res_len = 3;
	assert_string_equal(value_of("liar.list"), "(1,2,3)");
	says.res_len = UINT64_MAX;
	assert_string_equal(value_of("liar.list"), "<NA>");
	says.res = &address;
	says.res_len = 1;
	assert_string_equal(value_of("liar.ip"), "127.0.0.1");
	address.len = 5;
	assert_string_equal(value_of("liar.ip"), "<NA>");
	address = (ss_plugin_byte_buffer){ 16, NULL };
	assert_string_equal(value_of("liar.ip"), "<NA>");
}

/*
 * What it is told of an argument: the index, or all ones; the key, which a field that takes both has of an
 * index, too.
 */
static void test_arguments(void **state)
{
	static const struct {
		const char *field, *key; /* NULL: none */
		uint64_t index;
		bool present;
	} cases[] = {
		{ "liar.text", NULL, UINT64_MAX, false },
		{ "liar.key[/a/b]", "/a/b", UINT64_MAX, true },
		{ "liar.key[7]", "7", UINT64_MAX, true },
		{ "liar.index", NULL, UINT64_MAX, false },
		{ "liar.index[3]", NULL, 3, true },
		{ "liar.index[0]", NULL, 0, true },
		{ "liar.both[3]", "3", 3, true },
		{ "liar.both[03]", "03", UINT64_MAX, true },
		{ "liar.both[x]", "x", UINT64_MAX, true },
		{ "liar.both[18446744073709551615]", "18446744073709551615", UINT64_MAX, true },
		{ "liar.both[18446744073709551616]", "18446744073709551616", UINT64_MAX, true },
	};
	const char *texts[] = { "one" };

	(void)state;
	says.res = texts;
	says.res_len = 1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *value = value_of(cases[i].field);

		if (!value || strcmp(value, "one") != 0)
			fail_msg("%s: %s", cases[i].field, value ? value : "refused");
		if (says.seen.index != cases[i].index || says.seen.present != cases[i].present ||
		    strcmp(says.seen.key, cases[i].key ? cases[i].key : "(none)") != 0)
			fail_msg("%s: index %llu, key %s", cases[i].field, (unsigned long long)says.seen.index,
				 says.seen.key);
	}
}

/* An event is asked about once for each field and argument, whatever the answer; the next event is asked anew. */
static void test_asked_once(void **state)
{
	static const char *const names[] = { "liar.key[a]", "liar.key[b]", "liar.text" };
	plugin_api api = good_api();
	auto_plugin struct plugin *p = NULL;
	auto_source struct source *s = NULL;
	auto_arena struct arena *arena = arena_new(1024);
	struct field_context ctx = { .arena = arena, .source_name = STR("lies") };
	struct plugin_view view;
	struct field_options options = { .nforeign = 1, .foreign = &view.fields };
	const char *texts[] = { "one" }, *others[] = { "two" };
	struct field_ref refs[2][3];
	struct event ev;
	size_t used;

	(void)state;
	assert_int_equal(load(&api, &p, NULL), 0);
	plugin_get(p, &view);
	assert_int_equal(plugin_source_open(p, "", NULL, &s, NULL), 0);
	assert_int_equal(s->ops->next(s, &ev, NULL), 1);
	ctx.ev = &ev;
	for (size_t i = 0; i < 6; i++) /* a condition's and an output's are not the same object */
		assert_int_equal(field_lookup(str_of(names[i % 3]), &options, &refs[i / 3][i % 3], &used, NULL), 0);
	says.res_len = 1;
	for (unsigned int turn = 0; turn < 2; turn++) {
		says.seen.calls = 0;
		for (size_t i = 0; i < 12; i++) {
			struct values values = { 0 };

			/* nothing of what it says later is heard */
			says.res = i < 3 ? texts : others;
			says.extract = i % 3 == 2 ? SS_PLUGIN_FAILURE : SS_PLUGIN_SUCCESS;
			assert_int_equal(field_extract(&refs[i / 3 % 2][i % 3], &ctx, &values),
					 i % 3 == 2 ? ABSENT : PRESENT);
			if (i % 3 != 2)
				assert_true(str_eq(values.list[0].s, STR("one")));
		}
		assert_int_equal(says.seen.calls, 3);
		arena_reset(arena);
		ctx.told = NULL;
	}
}

/* ---- figures ---- */

static struct {
	ss_plugin_metric list[5];
	uint32_t n;
	bool none;
} measures;

static ss_plugin_metric *get_metrics(ss_plugin_t *s, uint32_t *n)
{
	(void)s;
	*n = measures.n;
	return measures.none ? NULL : measures.list;
}

static void add_metric(void *context, const struct plugin_metric *m)
{
	char *text = context;

	snprintf(text + strlen(text), 256 - strlen(text), "%s=%s%s%s;", m->name, m->value, m->counter ? "+" : "",
		 m->zero ? "0" : "");
}

static void assert_metrics(const char *expected)
{
	char text[256] = "";

	plugin_host_measure(world.host);
	plugin_host_metrics(world.host, add_metric, text);
	assert_string_equal(text, expected);
}

static void test_metrics(void **state)
{
	plugin_api api = good_api();
	struct plugin *p = NULL;
	struct error err = { 0 };
	char endless[PLUGIN_NAME_BYTES + 1];

	(void)state;
	memset(endless, 'x', sizeof(endless));
	memset(&measures, 0, sizeof(measures));
	measures.list[0] = (ss_plugin_metric){
		"a", SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .u64 = UINT64_MAX }, SS_PLUGIN_METRIC_VALUE_TYPE_U64
	};
	measures.list[1] = (ss_plugin_metric){
		"b", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, { .f = 0 }, SS_PLUGIN_METRIC_VALUE_TYPE_F
	};
	measures.list[2] = (ss_plugin_metric){
		"c", SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC, { .i = -1 }, SS_PLUGIN_METRIC_VALUE_TYPE_I
	};
	measures.n = 3;
	api.get_metrics = get_metrics;
	assert_int_equal(load(&api, &p, &err), 0);
	assert_metrics("liar.a=18446744073709551615+;liar.b=0" "0;liar.c=-1;");
	measures.list[0].name = NULL;
	measures.list[1].value.f = 1.0f / 0.0f;
	measures.list[2].value_type = (ss_plugin_metric_value_type)77;
	measures.list[3] = (ss_plugin_metric){
		endless, SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .u64 = 1 }, SS_PLUGIN_METRIC_VALUE_TYPE_U64
	};
	measures.list[4] = (ss_plugin_metric){
		"e", SS_PLUGIN_METRIC_TYPE_MONOTONIC, { .d = 0.25 }, SS_PLUGIN_METRIC_VALUE_TYPE_D
	};
	measures.n = 5;
	assert_metrics("liar.e=0.25+;");
	measures.n = PLUGIN_METRICS + 1;
	assert_metrics("");
	measures.n = 1;
	measures.none = true;
	assert_metrics("");
	end_world();
	plugin_free(p);
}

/* ---- init_config ---- */

static const char *schema;

static const char *get_schema(ss_plugin_schema_type *type)
{
	*type = SS_PLUGIN_SCHEMA_JSON;
	return schema;
}

static void check_config(const char *config, const char *complaint)
{
	struct plugin_config c = { .name = STR("liar"), .init_config = str_of(config) };
	plugin_api api = good_api();
	struct plugin *p = NULL;
	struct error err = { 0 };
	int r;

	api.get_init_schema = get_schema;
	new_world("lies", true);
	assert_int_equal(plugin_load_api(&api, &c, &p, &err), 0);
	r = plugin_host_add(world.host, p, &err);
	if (complaint && (r == 0 || !strstr(err.text, complaint)))
		fail_msg("%s: \"%s\", not \"%s\"", config, err.text, complaint);
	if (!complaint && r < 0)
		fail_msg("%s: %s", config, err.text);
	end_world();
	plugin_free(p);
}

static void test_schema(void **state)
{
	(void)state;
	schema =
		"{\"$ref\":\"#/$defs/Config\",\"$defs\":{\"Config\":{\"type\":\"object\",\"required\":[\"a\"],"
		"\"additionalProperties\":false,\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1,\"exclusiveMaximum\":9},"
		"\"b\":{\"type\":[\"string\",\"null\"],\"minLength\":2,\"unheardOf\":7},\"c\":{\"enum\":[\"x\",5]},"
		"\"d\":{\"type\":\"array\",\"maxItems\":2,\"items\":{\"type\":\"boolean\"}},\"e\":false,"
		"\"f\":{\"additionalProperties\":{\"type\":\"number\"}}}}}}";
	check_config("{\"a\":8,\"b\":null,\"c\":5,\"d\":[true],\"f\":{\"any\":1.5}}", NULL);
	check_config("{\"a\":1,\"b\":\"\u00e4\u00e4\"}", NULL);
	check_config("", "at /: it lacks a");
	check_config("{\"a\":0}", "at /a: it is less than its minimum");
	check_config("{\"a\":9}", "at /a: it is not below its maximum");
	check_config("{\"a\":1.5}", "at /a: it must be of the type integer");
	check_config("{\"a\":1,\"b\":3}", "at /b: it is of none of the types");
	check_config("{\"a\":1,\"b\":\"\u00e4\"}", "at /b: it is too short");
	check_config("{\"a\":1,\"c\":\"5\"}", "at /c: it is none of the values");
	check_config("{\"a\":1,\"d\":[true,1]}", "at /d/1: it must be of the type boolean");
	check_config("{\"a\":1,\"d\":[true,true,true]}", "at /d: it has too many items");
	check_config("{\"a\":1,\"e\":1}", "at /e: nothing may be here");
	check_config("{\"a\":1,\"f\":{\"any\":\"1\"}}", "at /f/any: it must be of the type number");
	check_config("{\"a\":1,\"g\":1}", "there is no such key: g");
	check_config("a", "must be JSON");
	schema =
		"{\"properties\":{\"a\":{\"const\":{\"x\":[1]}},\"b\":{\"multipleOf\":3},\"c\":{\"uniqueItems\":true},"
		"\"d\":{\"minProperties\":1,\"maxProperties\":2},\"e\":{\"items\":[{\"type\":\"string\"},{\"type\":\"number\"}],"
		"\"additionalItems\":{\"type\":\"null\"}},\"f\":{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]},"
		"\"g\":{\"oneOf\":[{\"multipleOf\":2},{\"multipleOf\":3}]},\"h\":{\"allOf\":[{\"minimum\":2},{\"maximum\":4}]},"
		"\"i\":{\"not\":{\"type\":\"null\"}},\"j\":{\"items\":false}}}";
	check_config(
		"{\"a\":{\"x\":[1]},\"b\":9,\"c\":[1,2,\"1\"],\"d\":{\"x\":1},\"e\":[\"x\",1,null,null],\"f\":\"x\",\"g\":4,\"h\":3,"
		"\"i\":0,\"j\":[]}",
		NULL);
	check_config("{\"a\":{\"x\":[2]}}", "at /a: it is not the value");
	check_config("{\"b\":10}", "at /b: it is no multiple");
	check_config("{\"c\":[1,2,1]}", "at /c: it has one item twice");
	check_config("{\"d\":{}}", "at /d: it has too few members");
	check_config("{\"d\":{\"x\":1,\"y\":1,\"z\":1}}", "at /d: it has too many members");
	check_config("{\"e\":[\"x\",\"y\"]}", "at /e/1: it must be of the type number");
	check_config("{\"e\":[\"x\",1,2]}", "at /e/2: it must be of the type null");
	check_config("{\"f\":4}", "at /f: none of the forms");
	check_config("{\"g\":5}", "at /g: none of the forms");
	check_config("{\"g\":6}", "at /g: it has several of the forms");
	check_config("{\"h\":5}", "at /h: it is more than its maximum");
	check_config("{\"i\":null}", "at /i: it has a form that it must not have");
	check_config("{\"j\":[1]}", "at /j/0: nothing may be here");
	schema = "";
	check_config("any text", NULL);
	schema = "[]";
	check_config("{}", "its schema of init_config is no JSON object");
	schema = "{\"$ref\":\"#\"}";
	check_config("{}", "too deep");
	schema = "{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}";
	check_config("{}", "too deep");
	schema = "{\"not\":{\"$ref\":\"#\"}}";
	check_config("{}", "too deep");
	schema = "nonsense";
	check_config("{}", "its schema of init_config is no JSON");
}

static const char *schema_version;

static const char *get_schema_version(ss_plugin_t *s)
{
	(void)s;
	return schema_version;
}

static void test_schema_version(void **state)
{
	static const char *const bad[] = { "5.0.0", "3.0.0", "4.6.0", "4.5.2", "4", "" };
	static const char *const good[] = { "4.5.1", "4.5.0", "4.0.9", NULL };
	plugin_api api = good_api();

	(void)state;
	api.get_required_event_schema_version = get_schema_version;
	api.open = NULL;
	api.close = NULL;
	api.next_batch = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		schema_version = bad[i];
		assert_refused(&api, "of the event tables");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct plugin *p = NULL;

		schema_version = good[i];
		assert_int_equal(load(&api, &p, NULL), 0);
		end_world();
		plugin_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_versions, reset),   cmocka_unit_test_setup(test_refused, reset),
		cmocka_unit_test_setup(test_bad_fields, reset), cmocka_unit_test_setup(test_odd_fields, reset),
		cmocka_unit_test_setup(test_sources, reset),    cmocka_unit_test_setup(test_arguments, reset),
		cmocka_unit_test_setup(test_events, reset),     cmocka_unit_test_setup(test_calls, reset),
		cmocka_unit_test_setup(test_bad_events, reset), cmocka_unit_test_setup(test_values, reset),
		cmocka_unit_test_setup(test_metrics, reset),    cmocka_unit_test_setup(test_asked_once, reset),
		cmocka_unit_test_setup(test_schema, reset),     cmocka_unit_test_setup(test_schema_version, reset),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	end_world();
	return failed;
}
