#!/usr/bin/env node
// The command as npm links it: before the first build already, when there is no dist to link to.
import '../dist/bin.js';
