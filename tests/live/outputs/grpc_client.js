// SPDX-License-Identifier: Apache-2.0
// The same as grpc_client.py with another implementation of gRPC, which shares no code with it; run where its modules are.
// usage: node grpc_client.js PROTO-FOLDER TARGET get|sub|version [COUNT] [key=value...]
'use strict';
const fs = require('fs');
const path = require('path');
const modules = path.join(process.cwd(), 'node_modules');
const grpc = require(path.join(modules, '@grpc/grpc-js'));
const loader = require(path.join(modules, '@grpc/proto-loader'));

const [protos, target, what, number] = process.argv.slice(2);
const count = Number(number || 0);
const keys = Object.fromEntries(process.argv.slice(6).map((pair) => pair.split('=')));
const wait = Number(keys.wait || 60) * 1000;
const content = (name) => (keys[name] ? fs.readFileSync(keys[name]) : null);
const credentials = keys.ca
	? grpc.credentials.createSsl(content('ca'), content('key'), content('cert'))
	: grpc.credentials.createInsecure();
const options = { includeDirs: [protos], longs: Number };
const load = (file) => grpc.loadPackageDefinition(loader.loadSync(file, options)).falco;
const deadline = () => ({ deadline: Date.now() + wait });
let got = 0;

function refused(error) {
	console.error(String(error));
	process.exit(4);
}

function show(alert) {
	if (!alert.rule || !alert.time.seconds || !alert.hostname || alert.source !== 'syscall')
		refused('incomplete: ' + JSON.stringify(alert));
	fs.writeSync(1, alert.output + '\n');
	got++;
}

function get(client) {
	const call = client.get({}, deadline());
	call.on('data', show);
	call.on('error', refused);
	call.on('end', () => (got >= count ? process.exit(0) : setTimeout(get, 50, client)));
}

function sub(client) {
	const call = client.sub(deadline());
	const timer = setInterval(() => {
		if (keys.until && fs.existsSync(keys.until)) {
			clearInterval(timer);
			call.end();
		} else call.write({});
	}, 50);
	call.on('data', (alert) => {
		show(alert);
		if (got === count) {
			clearInterval(timer);
			call.end();
		}
	});
	call.on('error', refused);
	call.on('end', () => process.exit(got >= count ? 0 : 3));
}

setTimeout(() => process.exit(3), wait).unref();
if (what === 'version') {
	const client = new (load('version.proto').version.service)(target, credentials);
	client.version({}, deadline(), (error, answer) => {
		if (error) refused(error);
		console.log(answer.version);
		process.exit(0);
	});
} else {
	const client = new (load('outputs.proto').outputs.service)(target, credentials);
	(what === 'sub' ? sub : get)(client);
}
